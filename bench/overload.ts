/**
 * `npm run bench:overload`: enrollments a second at the peak (32 in flight, the next when one is answered),
 * then at five times that, sent at a fixed rate by clients that come again when they are told to; then how
 * long a new request waits once they are gone. Every certificate is verified.
 */
import { execFileSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Bench } from './bench.js';
import { Connection } from './connection.js';
import { flood } from './flood.js';
import { load, percentile, type PreparedRequest } from './load.js';
import { startGateway } from './servers.js';
import type { Spending } from './spending.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    times: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    bits: { type: 'string', default: '2048' },
    warm: { type: 'string', default: '1000' },
    /** Gateway and load program get a core each. */
    apart: { type: 'boolean', default: false },
    /** Folder for a V8 CPU profile of the gateway. */
    profile: { type: 'string' },
  },
});
const seconds = Number(values.seconds);
const times = Number(values.times);
const keyBits = Number(values.bits);

if (values.apart) execFileSync('taskset', ['-acp', '1', String(process.pid)]);
const server = await startGateway({
  keyBits,
  core: values.apart ? 0 : undefined,
  profile: values.profile,
});
const bench = await Bench.create(keyBits);
console.log(
  `Node ${process.version}, RSA ${keyBits} RA and CA, ${seconds} s each, ${values.apart ? 'a core for the gateway, one for the load program' : 'both on the same cores'}; load average before: ${loadavg()[0]?.toFixed(2) ?? '?'}\n`,
);

interface Peak extends Spending {
  readonly perSecond: number;
}

const shares: { readonly plain: number; readonly ofCores: number }[] = [];
try {
  const warmed = await peak(Number(values.warm));
  let before = await peak(warmed.perSecond * seconds);
  for (let round = 1; round <= Number(values.rounds); round++) {
    const result = await overload(before.perSecond);
    const after = await peak(before.perSecond * seconds);
    shares.push(print(round, before, after, result));
    before = after;
  }
} finally {
  await server.stop();
}
const median = (all: readonly number[]) => percent(percentile(all, 0.5));
console.log(
  `median of ${shares.length} rounds: ${median(shares.map(({ plain }) => plain))} of the peak; ${median(shares.map(({ ofCores }) => ofCores))} by the cores that the host gave`,
);

/** Enrollments a second, 32 in flight. */
async function peak(count: number): Promise<Peak> {
  const requests = await bench.prepare(server, Math.ceil(count));
  const result = await load(server.port, requests, { inFlight: 32 }, server.cpu);
  return { ...result, perSecond: result.requests / result.seconds };
}

async function overload(peakPerSecond: number) {
  const perSecond = peakPerSecond * times;
  const [fresh, ...requests] = await bench.prepare(
    server,
    Math.ceil(peakPerSecond * (seconds + 2) * 1.2) + 400,
  );
  if (!fresh) throw new Error('no request');
  let recovered: Awaited<ReturnType<typeof recover>> | undefined;
  const ended = async () => {
    recovered = await recover(fresh);
  };
  const result = await flood(server.port, requests, { perSecond, seconds }, server.cpu, ended);
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

/** @returns what was issued, as a share of the peaks before and after */
function print(
  round: number,
  before: Peak,
  after: Peak,
  result: Awaited<ReturnType<typeof overload>>,
) {
  const { offered, perSecond, servedMillis, refusedMillis, broken, missed } = result;
  const between = (before.perSecond + after.perSecond) / 2;
  const plain = perSecond / between;
  const ofCores = perCore(result) / ((perCore(before) + perCore(after)) / 2);
  const at = (all: readonly number[], share: number) =>
    all.length === 0 ? '-' : percentile(all, share).toFixed(0);
  console.log(
    [
      `round ${round}: peak ${before.perSecond.toFixed(0)}/s before and ${after.perSecond.toFixed(0)}/s after;`,
      `${offered.toFixed(0)}/s offered (${(offered / between).toFixed(1)} times, ${missed} not sent):`,
      `${perSecond.toFixed(0)}/s issued, ${percent(plain)}, ${percent(ofCores)} by the cores that the host gave,`,
      `p50 ${at(servedMillis, 0.5)} ms, p99 ${at(servedMillis, 0.99)} ms;`,
      `${refusedMillis.length} told to come again, p50 ${at(refusedMillis, 0.5)} ms; ${broken} cut off;`,
      `a new request was served ${result.millis?.toFixed(0) ?? '?'} ms after the end, at attempt ${result.attempts ?? 0}`,
    ].join(' '),
  );
  console.log(
    `  before:   ${spent(before)}\n  in flood: ${spent(result)}\n  after:    ${spent(after)}`,
  );
  return { plain, ofCores };
}

/** Enrollments a second of a core: from minute to minute the host gives more and less of them. */
function perCore({ perSecond, stolenMillis, seconds: lasted }: Peak): number {
  return perSecond / (server.cpu.cores - stolenMillis / 1000 / lasted);
}

function spent(by: Spending): string {
  const cores = (millis: number) => percent(millis / 1000 / by.seconds);
  return `gateway ${cores(by.cpuMillis)}, its event loop ${cores(by.loopMillis)}; load program ${cores(by.generatorMillis)}; of the gateway's cores the host took ${cores(by.stolenMillis)}, nobody ${cores(by.idleMillis)}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
