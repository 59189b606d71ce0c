/**
 * `npm run soak`: half of the measured peak for thirty minutes, and whether memory and file descriptors stay
 * flat. Beside enrollments there are broken messages, wrong challenges, queries, challenges that nobody uses
 * and scrapes of the metrics, on kept-alive and on new connections. Judged is what the least-squares line
 * through the second half of the samples gains from its begin to its end.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Bench } from './bench.js';
import { load, type PreparedRequest } from './load.js';
import { prepareForgery, prepareGarbage, prepareGet } from './prepared-request.js';
import { startGateway } from './servers.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    /** Enrollments a second; default: half of what is measured. */
    rate: { type: 'string' },
  },
});
const minutes = Number(values.minutes);
const sliceSeconds = Math.min(15, minutes * 3);

/** For one look: a machine that others use may be slow. */
const lookMillis = 60_000;

interface Sample {
  readonly minute: number;
  readonly rss: number;
  readonly heap: number;
  readonly external: number;
  readonly descriptors: number;
}

/**
 * What the second half may gain, MiB and descriptors. In less than ten minutes V8 still compiles and the
 * allocator still grows: a short run finds what leaks with every request, and nothing slower.
 */
const bounds =
  minutes >= 10
    ? { rss: 16, heap: 4, external: 4, descriptors: 4 }
    : { rss: 128, heap: 48, external: 48, descriptors: 64 };

const folder = mkdtempSync(join(tmpdir(), 'scep-gateway-soak-'));
const probeFile = join(folder, 'memory.json');
process.env['SOAK_PROBE'] = probeFile;
process.env['NODE_OPTIONS'] = `--import ${resolve('.bench/bench/memory-probe.js')}`;
const server = await startGateway({ keyBits: 2048 });
delete process.env['NODE_OPTIONS'];
const bench = await Bench.create(2048);
const samples: Sample[] = [];
let looks = 0;
let enrollments = 0;
let comeAgain = 0;

try {
  const rate = values.rate === undefined ? (await peak()) / 2 : Number(values.rate);
  console.log(
    `Node ${process.version}, ${rate.toFixed(0)} enrollments/s for ${minutes} minutes; load average before: ${loadavg()[0]?.toFixed(2) ?? '?'}\n`,
  );
  console.log(' minute   RSS MiB  heap MiB  external MiB  descriptors  enrollments');
  await soak(rate);
} finally {
  await server.stop();
  rmSync(folder, { recursive: true });
}
console.log(`\n${comeAgain} requests were told to come again.`);
process.exitCode = judge() ? 0 : 1;

async function peak(): Promise<number> {
  let perSecond = 0;
  for (const count of minutes >= 10 ? [1000, 1000] : [200]) {
    const requests = await bench.prepare(server, count);
    const result = await load(server.port, requests, { inFlight: 32 }, server.cpu);
    perSecond = result.requests / result.seconds;
  }
  return perSecond;
}

/** Slice by slice; the messages of the next one are made while one runs. */
async function soak(rate: number): Promise<void> {
  const startedAt = performance.now();
  const minute = () => (performance.now() - startedAt) / 60_000;
  const prepare = async () =>
    mixed(await bench.prepare(server, Math.max(4, Math.round(rate * sliceSeconds))));
  let next = prepare();
  while (minute() < minutes || samples.length < 4) {
    const slice = await next;
    next = prepare();
    await load(server.port, slice.requests, { perSecond: slice.perEnrollment * rate }, server.cpu);
    enrollments += slice.enrollments;
    samples.push(await look(minute()));
    print(samples.at(-1));
  }
  await next;
}

/** What else comes to a gateway, in a fixed share of the enrollments; every answer is looked at. */
function mixed(all: Awaited<ReturnType<Bench['prepare']>>) {
  const others: PreparedRequest[] = [];
  for (const [index, { message }] of all.entries()) {
    if (index % 10 === 0) others.push(prepareForgery(message));
    if (index % 10 === 1) others.push(prepareGarbage(message));
    if (index % 10 === 2) others.push(prepareGet('/scep?operation=GetCACaps'));
    if (index % 10 === 3) others.push(prepareGet('/scep?operation=GetCACert'));
    if (index % 50 === 4) others.push(prepareGet('/metrics'));
    if (index % 50 === 5) others.push(prepareGet('/readyz'));
  }
  const requests = [...all, ...others].sort(() => Math.random() - 0.5).map(patient);
  return { requests, enrollments: all.length, perEnrollment: requests.length / all.length };
}

/** A machine that others use too may be too slow for a while. */
function patient(request: PreparedRequest): PreparedRequest {
  return {
    octets: request.octets,
    verify(reply) {
      if (reply.status !== 503) return request.verify(reply);
      comeAgain += 1;
      return Promise.resolve('refused');
    },
  };
}

async function look(minute: number): Promise<Sample> {
  const pid = server.cpu.pid;
  looks += 1;
  process.kill(pid, 'SIGUSR2');
  const until = performance.now() + lookMillis;
  while (performance.now() < until) {
    const seen = probe();
    if (seen?.look === looks) {
      return {
        minute,
        rss: server.cpu.residentMiB(),
        heap: seen.heapUsed / 2 ** 20,
        external: seen.external / 2 ** 20,
        descriptors: readdirSync(`/proc/${pid}/fd`).length,
      };
    }
    await pause(20);
  }
  throw new Error('The gateway does not say what memory it uses.');
}

function probe(): { look: number; heapUsed: number; external: number } | undefined {
  try {
    return JSON.parse(readFileSync(probeFile, 'utf8')) as ReturnType<typeof probe>;
  } catch {
    return undefined;
  }
}

function print(sample: Sample | undefined): void {
  if (!sample) return;
  const { minute, rss, heap, external, descriptors } = sample;
  console.log(
    [
      minute.toFixed(1).padStart(7),
      rss.toFixed(1).padStart(9),
      heap.toFixed(1).padStart(9),
      external.toFixed(1).padStart(13),
      String(descriptors).padStart(12),
      String(enrollments).padStart(12),
    ].join(' '),
  );
}

function judge(): boolean {
  const half = samples.slice(Math.floor(samples.length / 2));
  console.log(`\nThe second half, ${half.length} samples:`);
  const verdicts = (['rss', 'heap', 'external', 'descriptors'] as const).map((name) => {
    const gain = gained(half.map((sample) => [sample.minute, sample[name]]));
    const isFlat = gain <= bounds[name];
    console.log(
      `  ${name.padEnd(11)} ${gain >= 0 ? '+' : ''}${gain.toFixed(2)} (at most +${bounds[name]}): ${isFlat ? 'flat' : 'GROWS'}`,
    );
    return isFlat;
  });
  return verdicts.every(Boolean);
}

/** What the least-squares line through the points gains from the first to the last. */
function gained(points: readonly (readonly [number, number])[]): number {
  const mean = (index: 0 | 1) =>
    points.reduce((sum, point) => sum + point[index], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const slope =
    points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) /
    points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  return slope * ((points.at(-1)?.[0] ?? 0) - (points[0]?.[0] ?? 0));
}
