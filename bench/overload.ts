/**
 * `npm run bench:overload`: enrollments a second at the peak (32 in flight, the next when one is answered),
 * then at five times that, sent at a fixed rate by clients that come again when they are told to; then how
 * long a new request waits once they are gone. Every certificate is verified.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { Connection, requestOctets } from './connection.js';
import { Devices, type Device } from './devices.js';
import type { Reply } from './load.js';
import { openLoop } from './open-loop.js';
import { startGateway } from './servers.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    times: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '2' },
    bits: { type: 'string', default: '2048' },
  },
});
const seconds = Number(values.seconds);
const times = Number(values.times);
const inFlight = 32;

const server = await startGateway({
  codec: 'fast',
  keyBits: Number(values.bits),
  profile: undefined,
});
const port = Number(new URL(server.url).port);
const devices = await Devices.of(server);
console.log(
  `Node ${process.version}, RSA ${values.bits} RA and CA, ${seconds} s each; load average before: ${loadavg()[0]?.toFixed(2) ?? '?'}\n`,
);
try {
  await closedLoop(await devices.prepare(600));
  for (let round = 1; round <= Number(values.rounds); round++) await measure(round);
} finally {
  await server.stop();
}

async function measure(round: number): Promise<void> {
  const before = await peak();
  const flood = await overload(before);
  const after = await peak();
  const mean = (before + after) / 2;
  console.log(
    [
      `round ${round}: peak ${before.toFixed(0)}/s before, ${after.toFixed(0)}/s after;`,
      `at ${(flood.offered / mean).toFixed(1)} times the peak (${flood.offered.toFixed(0)}/s offered, ${flood.missed} not sent)`,
      `${flood.perSecond.toFixed(0)}/s issued = ${((100 * flood.perSecond) / mean).toFixed(0)} % of it,`,
      `p50 ${flood.p50.toFixed(0)} ms, p99 ${flood.p99.toFixed(0)} ms;`,
      `${flood.refused} told to come again in ${flood.refusedP50.toFixed(1)} ms (p50), ${flood.broken} connections ended;`,
      `a new request was answered ${flood.recovery.toFixed(0)} ms after the end (${flood.attempts} attempts)`,
    ].join(' '),
  );
}

async function peak(): Promise<number> {
  const rate = await closedLoop(await devices.prepare(400));
  return closedLoop(await devices.prepare(Math.ceil(rate * Math.min(seconds, 5))));
}

/** Enrollments a second. */
async function closedLoop(all: readonly Device[]): Promise<number> {
  const waiting = [...all];
  const answers = new Map<Device, Reply>();
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      const connection = new Connection(port, '127.0.0.1');
      for (let device = waiting.pop(); device; device = waiting.pop())
        answers.set(device, await connection.send(octets(device)));
      connection.close();
    }),
  );
  const elapsed = (performance.now() - startedAt) / 1000;
  for (const [device, answer] of answers) await device.verify(answer);
  return all.length / elapsed;
}

async function overload(peakPerSecond: number) {
  const [fresh, ...all] = await devices.prepare(
    1 + Math.ceil(peakPerSecond * (seconds + 2) * 1.2 + 400),
  );
  const waiting = new Map(all.map((device) => [octets(device), device]));
  const queue = [...waiting.keys()];
  const issued: [Device, Reply, number][] = [];
  const refusedMillis: number[] = [];
  let broken = 0;
  let head = 0;
  let lastIssued = 0;
  const offered = peakPerSecond * times;
  const startedAt = performance.now();
  const flood = openLoop({
    port,
    perSecond: offered,
    millis: seconds * 1000,
    next: () => queue[head++],
    answered(request, answer, millis) {
      const device = waiting.get(request);
      if (answer?.status === 200 && device) {
        issued.push([device, answer, millis]);
        if (performance.now() - startedAt <= seconds * 1000) lastIssued = issued.length;
        return;
      }
      if (answer?.status === 503) refusedMillis.push(millis);
      else broken += 1;
      queue.push(request);
    },
  });
  await pause(Math.max(0, startedAt + seconds * 1000 - performance.now()));
  const recovery = await recover(fresh);
  const { missed } = await flood;
  for (const [device, answer] of issued) await device.verify(answer);
  const millis = issued.map(([, , each]) => each);
  return {
    offered,
    missed,
    perSecond: lastIssued / seconds,
    p50: percentile(millis, 0.5),
    p99: percentile(millis, 0.99),
    refused: refusedMillis.length,
    refusedP50: percentile(refusedMillis, 0.5),
    broken,
    ...recovery,
  };
}

/** A device that never came before, on a connection of its own, and asks until it is served. */
async function recover(
  device: Device | undefined,
): Promise<{ recovery: number; attempts: number }> {
  if (!device) throw new Error('no device');
  const endedAt = performance.now();
  for (let attempts = 1; ; attempts++) {
    const connection = new Connection(port, '127.0.0.1');
    const answer = await connection.send(octets(device));
    connection.close();
    if (answer.status === 200) {
      await device.verify(answer);
      return { recovery: performance.now() - endedAt, attempts };
    }
    await pause(20);
  }
}

function octets({ body }: Device): Buffer {
  return requestOctets('/scep', 'operation=PKIOperation', body);
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
