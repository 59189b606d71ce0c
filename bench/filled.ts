/**
 * `npm run bench:filled`: whether an enrollment costs the same beside a million certificates and 200,000
 * open challenges as in an empty database, how long the start takes then, and what memory.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bench } from './bench.js';
import { fillDatabase } from './fill.js';
import { startGateway } from './servers.js';
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
const keyBits = 2048;

const data = mkdtempSync(join(tmpdir(), 'scep-gateway-filled-'));
try {
  // It makes its CA and its tables.
  await (await startGateway({ keyBits, data })).stop();
  const filling = performance.now();
  const megabytes = await fillDatabase(
    join(data, 'gateway.db'),
    { certificates, challenges },
    (done) => console.log(`${Math.round(done * 100)} % filled`),
  );
  console.log(`${megabytes} MB in ${((performance.now() - filling) / 1000).toFixed(0)} s\n`);

  const empty = await startGateway({ keyBits });
  const starting = performance.now();
  const started = await startGateway({ keyBits, data });
  const startMillis = performance.now() - starting;
  const filled = { ...started, name: 'filled' };
  const servers = [{ ...empty, name: 'empty' }, filled];
  try {
    const bench = await Bench.create(keyBits);
    const memoryAtStart = filled.cpu.residentMiB();
    await bench.enrollments(servers, count, { inFlight: 8 });
    printHead();
    const measured = await bench.enrollments(servers, count, { inFlight: 32 });
    for (const [index, server] of servers.entries())
      printRow(server, 'enrollment', '32', measured[index]!);
    const [without, beside] = measured;
    const share = (of: number, whole: number) => `${((100 * of) / whole).toFixed(0)} %`;
    console.log(`
Beside ${certificates} certificates and ${challenges} open challenges: ${share(perSecond(beside!), perSecond(without!))} of the throughput,
${share(cpuEach(beside!), cpuEach(without!))} of the CPU. Start to the first answer: ${startMillis.toFixed(0)} ms.
Resident: ${memoryAtStart.toFixed(0)} MiB after the start, ${filled.cpu.residentMiB().toFixed(0)} MiB after the load.`);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
} finally {
  rmSync(data, { recursive: true, force: true });
}
