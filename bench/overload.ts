/**
 * `npm run bench:overload`: enrollments a second at the peak (32 in flight, the next when one is answered),
 * then at five times that, sent at a fixed rate by clients that come again when they are told to; then how
 * long a new request waits once they are gone. Every certificate is verified.
 */
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Bench } from './bench.js';
import { Connection } from './connection.js';
import { flood } from './flood.js';
import { load, percentile, type PreparedRequest } from './load.js';
import { startGateway } from './servers.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    times: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    bits: { type: 'string', default: '2048' },
    warm: { type: 'string', default: '1000' },
  },
});
const seconds = Number(values.seconds);
const times = Number(values.times);
const keyBits = Number(values.bits);

const server = await startGateway({ keyBits });
const bench = await Bench.create(keyBits);
console.log(
  `Node ${process.version}, RSA ${keyBits} RA and CA, ${seconds} s each; load average before: ${loadavg()[0]?.toFixed(2) ?? '?'}\n`,
);
try {
  const warmed = await peak(Number(values.warm));
  let before = await peak(warmed * seconds);
  for (let round = 1; round <= Number(values.rounds); round++) {
    const result = await overload(before * times, before);
    const after = await peak(before * seconds);
    print(round, before, after, result);
    before = after;
  }
} finally {
  await server.stop();
}

/** Enrollments a second, 32 in flight. */
async function peak(count: number): Promise<number> {
  const requests = await bench.prepare(server, Math.ceil(count));
  const result = await load(server.port, requests, { inFlight: 32 }, server.cpu);
  return result.requests / result.seconds;
}

async function overload(perSecond: number, peakPerSecond: number) {
  const [fresh, ...requests] = await bench.prepare(
    server,
    Math.ceil(peakPerSecond * (seconds + 2) * 1.2) + 400,
  );
  if (!fresh) throw new Error('no request');
  let recovered: Awaited<ReturnType<typeof recover>> | undefined;
  const result = await flood(server.port, requests, { perSecond, seconds }, async () => {
    recovered = await recover(fresh);
  });
  return { offered: perSecond, ...result, ...recovered };
}

/** A device that never came before, on a connection of its own, asks until it is served. */
async function recover(request: PreparedRequest): Promise<{ millis: number; attempts: number }> {
  const endedAt = performance.now();
  for (let attempts = 1; ; attempts++) {
    const connection = new Connection(server.port);
    const reply = await connection.send(request.octets);
    connection.close();
    if (reply.status === 200) {
      await request.verify(reply);
      return { millis: performance.now() - endedAt, attempts };
    }
    await pause(20);
  }
}

function print(
  round: number,
  before: number,
  after: number,
  result: Awaited<ReturnType<typeof overload>>,
): void {
  const { offered, perSecond, servedMillis, refusedMillis, broken, missed } = result;
  const between = (before + after) / 2;
  const at = (all: readonly number[], share: number) =>
    all.length === 0 ? '-' : percentile(all, share).toFixed(0);
  console.log(
    [
      `round ${round}: peak ${before.toFixed(0)}/s before and ${after.toFixed(0)}/s after;`,
      `${offered.toFixed(0)}/s offered (${(offered / between).toFixed(1)} times, ${missed} not sent):`,
      `${perSecond.toFixed(0)}/s issued, ${((100 * perSecond) / between).toFixed(0)} %,`,
      `p50 ${at(servedMillis, 0.5)} ms, p99 ${at(servedMillis, 0.99)} ms;`,
      `${refusedMillis.length} told to come again, p50 ${at(refusedMillis, 0.5)} ms; ${broken} cut off;`,
      `a new request was served ${result.millis?.toFixed(0) ?? '?'} ms after the end, at attempt ${result.attempts ?? 0}`,
    ].join(' '),
  );
}
