/**
 * `npm run test:timing`: whether the time of a refusal tells why a message was refused. Messages of all
 * classes are sent one by one in random order to the built gateway over HTTP. See docs/security.md.
 */
import { generateKeyPairSync, randomInt } from 'node:crypto';
import { Agent, request } from 'node:http';
import { loadavg } from 'node:os';
import { createFastCodec } from '../../src/pkcs7/index.js';
import { createScepClient } from '../../src/scep/client/index.js';
import { SoftwareKey } from '../../src/keys/index.js';
import { benchClient } from '../prepared-request.js';
import { startGateway } from '../servers.js';
import { relayFiles } from './relay.js';
import { messageClasses, type MessageClass } from './messages.js';
import { deviationOfChance, probabilityOfLess, quantile } from './statistics.js';

const samples = Number(/^--samples=(\d+)$/.exec(process.argv[2] ?? '')?.[1] ?? 1500);
const rounds = 3;
/** Beyond what noise of the same run explains, every time: what nobody could overlook. */
const grossSeparation = 0.2;

interface Measured {
  readonly kind: MessageClass;
  readonly micros: number[];
  readonly answers: Set<string>;
}

const key = new SoftwareKey(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
const client = await benchClient(key);
const relay = await relayFiles();
const server = await startGateway({ codec: 'fast', keyBits: 2048, beside: relay.config });
const doors = { scep: server.url, relay: server.url.replace(/scep$/, 'relay') } as const;
try {
  process.exitCode = await main();
} finally {
  await server.stop();
  relay.remove();
}

async function main(): Promise<number> {
  const scep = createScepClient({ url: server.url, codec: createFastCodec() });
  const { recipient } = await scep.getCaCert();
  await createScepClient({ url: doors.relay, codec: createFastCodec() }).getCaCert();
  const challenges = (await server.challenges(200)).filter((each) => each !== undefined);
  const classes = await messageClasses(client, recipient, challenges);
  console.log(
    `Node ${process.version}, ${samples} samples of each class in random order, load average ${loadavg()[0]?.toFixed(1) ?? '?'}`,
  );
  for (let round = 1; ; round++) {
    const measured = await measure(classes, round === 1);
    if (!haveOneAnswer(measured)) return 1;
    const worst = report(measured);
    if (worst < grossSeparation) return 0;
    if (round === rounds) {
      console.log(
        `One class is ${worst.toFixed(3)} from the others, in ${rounds} of ${rounds} runs.`,
      );
      return 1;
    }
    console.log('A separation; again, to see whether it stays.');
  }
}

async function measure(classes: readonly MessageClass[], first: boolean): Promise<Measured[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const measured = classes.map((kind): Measured => ({ kind, micros: [], answers: new Set() }));
  const order = measured.flatMap((each) =>
    each.kind.name.startsWith('valid, each')
      ? first
        ? each.kind.messages.map((message) => ({ each, message }))
        : []
      : Array.from({ length: samples }, () => ({
          each,
          message: each.kind.messages[randomInt(each.kind.messages.length)] ?? Buffer.alloc(0),
        })),
  );
  shuffle(order);
  // The compiler has its share before anything counts.
  for (const { each, message } of order
    .filter(({ each: { kind } }) => kind.role !== 'told')
    .slice(0, 300)) {
    await post(agent, each.kind, message);
  }
  for (const { each, message } of order) {
    const began = process.hrtime.bigint();
    const answer = await post(agent, each.kind, message);
    each.micros.push(Number(process.hrtime.bigint() - began) / 1000);
    each.answers.add(answer);
  }
  agent.destroy();
  return measured;
}

function shuffle(items: unknown[]): void {
  for (let at = items.length - 1; at > 0; at--) {
    const other = randomInt(at + 1);
    [items[at], items[other]] = [items[other], items[at]];
  }
}

/** Status, length and text: what can be seen of an answer besides its time. */
function post(agent: Agent, { door }: MessageClass, body: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${doors[door]}?operation=PKIOperation`,
      {
        agent,
        method: 'POST',
        headers: { 'Content-Type': 'application/x-pki-message', 'Content-Length': body.length },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const reply = Buffer.concat(chunks);
          const text = /The message failed its cryptographic checks/.test(reply.toString('latin1'));
          resolve(
            `${response.statusCode ?? 0}, ${reply.length} octets, ${text ? 'uniform' : 'other'}`,
          );
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function haveOneAnswer(measured: readonly Measured[]): boolean {
  return (['scep', 'relay'] as const).every((door) =>
    isOneAnswer(measured.filter(({ kind }) => kind.role !== 'told' && kind.door === door)),
  );
}

function isOneAnswer(compared: readonly Measured[]): boolean {
  const answers = new Set(compared.flatMap((each) => [...each.answers]));
  if (answers.size === 1 && [...answers][0]?.endsWith('uniform')) return true;
  console.log('The answers differ:');
  for (const each of compared) console.log(`  ${each.kind.name}: ${[...each.answers].join('; ')}`);
  return false;
}

/** @returns how far the farthest class is from the reference, beyond the noise of the same run */
function report(measured: readonly Measured[]): number {
  const distanceOf = ({ kind: { transport, door }, micros }: Measured): number => {
    const isReference = ({ kind }: Measured) =>
      kind.role === 'reference' && kind.transport === transport && kind.door === door;
    return probabilityOfLess(measured.find(isReference)?.micros ?? [], micros) - 0.5;
  };
  const noise = Math.max(
    ...measured
      .filter(({ kind }) => kind.role === 'same')
      .map((each) => Math.abs(distanceOf(each))),
    2 * deviationOfChance(samples, samples),
  );
  console.log(`\n${'class'.padEnd(37)}   n     p10 µs  median µs   P(reference < class)`);
  for (const each of measured) {
    if (each.micros.length === 0) continue;
    const { kind, micros } = each;
    const distance = distanceOf(each);
    const verdict =
      kind.role === 'told' || kind.role === 'reference'
        ? kind.role === 'told'
          ? 'not compared'
          : ''
        : Math.abs(distance) <= noise
          ? 'within noise'
          : 'beyond noise';
    console.log(
      `${kind.name.padEnd(37)}${String(micros.length).padStart(5)}${quantile(micros, 0.1).toFixed(0).padStart(10)}${quantile(micros, 0.5).toFixed(0).padStart(11)}   ${(distance + 0.5).toFixed(3)}  ${verdict}`,
    );
  }
  console.log(
    `noise of this run: ±${noise.toFixed(3)} (the same class against itself, and chance)`,
  );
  const judged = measured.filter(({ kind }) => kind.role === 'judged');
  return Math.max(...judged.map((each) => Math.abs(distanceOf(each)) - noise));
}
