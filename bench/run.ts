/**
 * `npm run bench`, `npm run bench:peer`: CPU per full enrollment beside the raw cost of its RSA operations,
 * throughput and latency over real HTTP, then what other requests cost. Every reply is verified.
 */
import { cpus, loadavg } from 'node:os';
import { Bench, type Measured } from './bench.js';
import { load, type PreparedRequest } from './load.js';
import {
  prepareAdminPage,
  prepareChallengeOrder,
  prepareForgery,
  prepareGarbage,
  prepareGet,
  prepareTurnedAway,
} from './prepared-request.js';
import { authorization, startGateway, startScepserver, type ServerUnderTest } from './servers.js';
import { cpuEach, perSecond, printHead, printRow } from './table.js';

const flags = new Map<string, string>();
for (const word of process.argv.slice(2)) {
  const [name = '', value = ''] = word.replace(/^--/, '').split('=');
  flags.set(name, value);
}
const count = Number(flags.get('count') ?? 1500);
/** Before anything is measured: V8 compiles what is used often, and that is no cost of an enrollment. */
const warming = Number(flags.get('warm') ?? 4000);
const keyBits = Number(flags.get('bits') ?? 2048);
const concurrencies = (flags.get('in-flight') ?? '1,8,32').split(',').map(Number);
/** Other checkouts, built, whose gateways are measured in turns with this one. */
const checkouts = (flags.get('against') ?? '').split(',').filter((folder) => folder !== '');

const options = { keyBits, profile: flags.get('profile') };
const gateway = await startGateway({
  ...options,
  codec: flags.get('codec') === 'pkijs' ? 'pkijs' : 'fast',
});
const servers = [gateway];
for (const checkout of checkouts) servers.push(await startGateway({ ...options, checkout }));
const tokenModule = flags.get('token');
if (tokenModule !== undefined) servers.push(await startGateway({ ...options, tokenModule }));
if (flags.has('peer')) {
  const peer = await startScepserver(keyBits);
  if (peer) servers.push(peer);
  else console.log('scepserver is not installed (Debian package scep): without a peer');
}

console.log(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, RSA ${keyBits} RA and CA, RSA 2048 clients, ${count} requests a row after ${warming} to warm up; load average before: ${loadavg()[0]?.toFixed(2) ?? '?'}\n`,
);
printHead();
try {
  const bench = await Bench.create(keyBits);
  const enrollments = await measureEnrollments(bench);
  if (!flags.has('enrollments-only')) await measureOthers(bench, enrollments.at(-1)!);
} finally {
  await Promise.all(servers.map((server) => server.stop()));
}
console.log(`
CPU ms: of the server process for one request, all threads; loop ms: of its main thread; load ms: of the load
program, which has the same cores. Idle, stolen: what nobody used of all
cores, and what the host gave to others. × raw: CPU ms over the CPU of the RSA operations of an enrollment (one
decryption, two signatures, two verifications, one encryption), measured before and after each fifth of the row.`);

/** The last row at each concurrency is returned for the gateway. */
async function measureEnrollments(bench: Bench): Promise<readonly Measured[]> {
  await bench.enrollments(servers, warming, { inFlight: 8 });
  const ours: Measured[] = [];
  const peaks = new Map<ServerUnderTest, number>();
  for (const inFlight of concurrencies) {
    const measured = await bench.enrollments(servers, count, { inFlight });
    for (const [index, server] of servers.entries()) {
      const each = measured[index]!;
      printRow(server, 'enrollment', String(inFlight), each);
      peaks.set(server, Math.max(peaks.get(server) ?? 0, perSecond(each)));
    }
    ours.push(measured[0]!);
  }
  const measured = await bench.enrollments(servers, count, (server) => ({
    perSecond: 0.7 * (peaks.get(server) ?? 0),
  }));
  for (const [index, server] of servers.entries())
    printRow(server, 'enrollment', '70 %', measured[index]!);
  return ours;
}

async function measureOthers(bench: Bench, enrollment: Measured): Promise<void> {
  const [sample] = await bench.prepare(gateway, 1);
  const others = {
    garbage: prepareGarbage(sample!.message),
    forgery: prepareForgery(sample!.message),
    GetCACaps: prepareGet('/scep?operation=GetCACaps'),
    GetCACert: prepareGet('/scep?operation=GetCACert'),
    CRL: prepareGet('/crl/local.crl'),
    challenge: prepareChallengeOrder(authorization),
    'admin page': prepareAdminPage(authorization),
  };
  const shares: string[] = [];
  const measure = async (name: string, request: PreparedRequest, server = gateway) => {
    await bench.repeated(server, request, count, { inFlight: 8 });
    const measured = await bench.repeated(server, request, 2 * count, { inFlight: 8 });
    printRow(server, name, '8', measured);
    shares.push(`${name} 1/${(cpuEach(enrollment) / cpuEach(measured)).toFixed(0)}`);
  };
  for (const [name, request] of Object.entries(others)) await measure(name, request);
  const strict = await startGateway({ ...options, turnsAway: true });
  try {
    await load(strict.port, [prepareGarbage(sample!.message)], { inFlight: 1 }, strict.cpu);
    const turnedAway = prepareTurnedAway(sample!.message);
    // Its process is new: the other one has been warmed by enrollments.
    await bench.repeated(strict, turnedAway, 2 * warming, { inFlight: 8 });
    await measure('turned away', turnedAway, strict);
  } finally {
    await strict.stop();
  }
  console.log(`\nCPU as a share of an enrollment: ${shares.join(', ')}`);
}
