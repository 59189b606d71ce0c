/**
 * `npm run bench:filled`: whether an enrollment costs the same beside a million certificates and 200,000
 * open challenges as in an empty database, how long the start takes then, and what memory.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bench } from './bench.js';
import { fillDatabase } from './fill.js';
import { startGateway, type ServerUnderTest } from './servers.js';
import { cpuEach, perSecond, printHead, printRow } from './table.js';

const words = new Map(
  process.argv.slice(2).map((word): [string, string] => {
    const [name = '', value = ''] = word.replace(/^--/, '').split('=');
    return [name, value];
  }),
);
const certificates = Number(words.get('certificates') ?? 1_000_000);
const challenges = Number(words.get('challenges') ?? 200_000);
const count = Number(words.get('count') ?? 1500);
const against = words.get('against')?.split(',') ?? [];
const keyBits = 2048;

const scratch = mkdtempSync(join(tmpdir(), 'scep-gateway-filled-'));
const servers: ServerUnderTest[] = [];
try {
  const data = words.get('data') ?? join(scratch, 'data');
  if (existsSync(join(data, 'gateway.db'))) console.log(`${data} is filled already\n`);
  else await fill(data);

  const empty = await startGateway({ keyBits });
  servers.push({ ...empty, name: 'empty' });
  const filled = await startBeside(data, '.', 'filled');
  for (const checkout of against) await startBeside(data, checkout, `filled, ${checkout}`);

  const bench = await Bench.create(keyBits);
  const memoryAtStart = filled.server.cpu.residentMiB();
  await bench.enrollments(servers, count, { inFlight: 8 });
  printHead();
  const measured = await bench.enrollments(servers, count, { inFlight: 32 });
  for (const [index, server] of servers.entries())
    printRow(server, 'enrollment', '32', measured[index]!);
  const [without, beside] = measured;
  const share = (of: number, whole: number) => `${((100 * of) / whole).toFixed(0)} %`;
  console.log(`
Beside ${certificates} certificates and ${challenges} open challenges: ${share(perSecond(beside!), perSecond(without!))} of the throughput,
${share(cpuEach(beside!), cpuEach(without!))} of the CPU. Start to the first answer: ${filled.startMillis.toFixed(0)} ms.
Resident: ${memoryAtStart.toFixed(0)} MiB after the start, ${filled.server.cpu.residentMiB().toFixed(0)} MiB after the load.
The write-ahead log beside it: ${(statSync(`${filled.database}-wal`).size / 1e6).toFixed(1)} MB.`);
} finally {
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(scratch, { recursive: true, force: true });
}

async function fill(data: string): Promise<void> {
  // It makes its CA and its tables.
  await (await startGateway({ keyBits, data })).stop();
  const filling = performance.now();
  const megabytes = await fillDatabase(
    join(data, 'gateway.db'),
    { certificates, challenges },
    (done) => console.log(`${Math.round(done * 100)} % filled`),
  );
  console.log(`${megabytes} MB in ${((performance.now() - filling) / 1000).toFixed(0)} s\n`);
}

/** On a copy: what one run adds, or a newer release migrates, is not there in the next. */
async function startBeside(data: string, checkout: string, name: string) {
  const copy = join(scratch, `copy-${servers.length}`);
  execFileSync('cp', ['-a', '--reflink=auto', data, copy]);
  // What a copy leaves to be written would be written while others are measured.
  execFileSync('sync');
  const starting = performance.now();
  const started = await startGateway({ keyBits, data: copy, checkout });
  const startMillis = performance.now() - starting;
  const server = { ...started, name };
  servers.push(server);
  return { server, startMillis, database: join(copy, 'gateway.db') };
}
