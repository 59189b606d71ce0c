/**
 * `npm run bench` and `npm run bench:peer`: CPU per full enrollment beside the raw cost of its RSA
 * operations, and throughput and latency over real HTTP; then what other messages cost. Every reply is
 * verified.
 */
import { generateKeyPairSync } from 'node:crypto';
import { loadavg } from 'node:os';
import { SoftwareKey } from '../src/keys/index.js';
import { createFastCodec } from '../src/pkcs7/index.js';
import { createScepClient } from '../src/scep/index.js';
import { load, type LoadResult, type PreparedRequest } from './load.js';
import {
  benchClient,
  prepareForgery,
  prepareGarbage,
  prepareQuery,
  prepareRequest,
  rawOperations,
  type BenchClient,
} from './prepared-request.js';
import { startGateway, startScepserver, type ServerUnderTest } from './servers.js';

const flags = new Map<string, string>();
for (const word of process.argv.slice(2)) {
  const [name = '', value = ''] = word.replace(/^--/, '').split('=');
  flags.set(name, value);
}
const count = Number(flags.get('count') ?? 1000);
/** Before anything is measured: V8 compiles what is used often, and that is no cost of an enrollment. */
const warming = Number(flags.get('warm') ?? 2000);
const keyBits = Number(flags.get('bits') ?? 2048);
const codec = flags.get('codec') === 'pkijs' ? 'pkijs' : 'fast';
const concurrencies = (flags.get('in-flight') ?? '1,8,32').split(',').map(Number);
const withPeer = flags.has('peer');

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: keyBits });
const clients = await Promise.all(
  Array.from({ length: 4 }, () =>
    benchClient(new SoftwareKey(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)),
  ),
);
const servers = [await startGateway({ codec, keyBits, profile: flags.get('profile') })];
if (withPeer) {
  const peer = await startScepserver(keyBits);
  if (peer) servers.push(peer);
  else console.log('scepserver is not installed (Debian package scep): without a peer');
}

console.log(
  `Node ${process.version}, RSA ${keyBits} RA and CA, RSA 2048 clients, ${count} requests a row after ${warming} to warm up; load average before: ${loadavg()[0]?.toFixed(2) ?? '?'}\n`,
);
console.log(
  [
    'server'.padEnd(22),
    'request'.padEnd(12),
    'in flight',
    ' requests/s',
    ' CPU ms',
    'loop ms',
    ' x raw',
    '   p50 ms',
    '   p99 ms',
    ' RSS MiB',
    'refused',
  ].join(' '),
);
try {
  for (const server of servers) await measure(server);
} finally {
  await Promise.all(servers.map((server) => server.stop()));
}
console.log(
  '\nCPU ms: of the server process for one request, all threads; loop ms: of its main thread; ticks of 10 ms.',
);
console.log(
  'x raw: CPU ms over the RSA operations of an enrollment (one decryption, two signatures, two verifications, one encryption) in this process just before.',
);

async function measure(server: ServerUnderTest): Promise<void> {
  await load(server.url, await prepared(server, 'warm', warming), 8, server.pid);
  for (const inFlight of concurrencies) {
    const requests = await prepared(server, String(inFlight), count);
    await row(server, 'enrollment', requests, inFlight);
  }
  const [sample] = await prepared(server, 'sample', 1);
  if (sample === undefined || server.isPeer) return;
  const others = {
    garbage: prepareGarbage(sample),
    forgery: prepareForgery(sample),
    GetCACaps: prepareQuery('GetCACaps'),
    GetCACert: prepareQuery('GetCACert'),
  };
  for (const [name, request] of Object.entries(others)) {
    const requests = Array.from({ length: count }, () => request);
    await load(server.url, requests, 8, server.pid);
    await row(server, name, requests, 8);
  }
}

async function row(
  server: ServerUnderTest,
  name: string,
  requests: readonly PreparedRequest[],
  inFlight: number,
): Promise<void> {
  const raw = await rawOperations(privateKey);
  print(server.name, name, await load(server.url, requests, inFlight, server.pid), raw);
}

async function prepared(
  server: ServerUnderTest,
  label: string,
  howMany: number,
): Promise<PreparedRequest[]> {
  const { authority } = await createScepClient({
    url: server.url,
    codec: createFastCodec(),
  }).open();
  const challenges = await server.challenges(howMany);
  return Promise.all(
    challenges.map((challenge, index) =>
      prepareRequest({
        client: clients[index % clients.length] as BenchClient,
        recipient: authority.recipient,
        trusted: authority.certificates,
        challenge,
        commonName: `${label}-${index}`,
        digest: 'sha256',
        cipher: 'aes-128-cbc',
      }),
    ),
  );
}

function print(server: string, name: string, result: LoadResult, raw: number): void {
  const columns = [
    server.padEnd(22),
    name.padEnd(12),
    String(result.inFlight).padStart(9),
    result.perSecond.toFixed(0).padStart(11),
    result.cpuMillis.toFixed(2).padStart(7),
    result.loopMillis.toFixed(2).padStart(7),
    (result.cpuMillis / raw).toFixed(2).padStart(6),
    result.p50.toFixed(2).padStart(9),
    result.p99.toFixed(2).padStart(9),
    result.residentMiB.toFixed(0).padStart(8),
    String(result.refused).padStart(7),
  ];
  console.log(`${columns.join(' ')}   (raw ${raw.toFixed(2)} ms)`);
}
