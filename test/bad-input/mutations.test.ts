/**
 * Mutated messages leave the process alive, its memory flat, and no certificate issued. A few thousand in
 * every test run; `npm run test:mutations` sends 100,000. A failure names seed and number of the mutant:
 * MUTATION=<seed>:<number> sends that one alone.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { errorCodes, isGatewayError } from '../../src/errors/index.js';
import type { TestGateway } from '../support/gateway.js';
import { postMessage } from './answer.js';
import { createMutants, type Mutants } from './mutated-messages.js';
import { startTarget } from './profiles.js';

const count = Number(process.env['MUTATIONS'] ?? 4000);
const seeds = [1, 2, 3, 4];
const atOnce = 8;
/** Every so many go over a socket. */
const overHttp = 25;
/** The short run stops here, however far it came on a busy machine. */
const shortRunMillis = 40_000;

let gateway: TestGateway;
let mutants: Mutants;

beforeAll(async () => {
  gateway = await startTarget();
  mutants = await createMutants();
});
afterAll(() => gateway.close());

interface Tally {
  sent: number;
  readonly unexpected: string[];
  readonly outcomes: Map<string, number>;
}

async function sendOne(seed: number, n: number, tally: Tally): Promise<void> {
  const message = await mutants(seed, n);
  const outcome = n % overHttp === 0 ? await byHttp(message) : await byHandler(message);
  tally.sent++;
  tally.outcomes.set(outcome, (tally.outcomes.get(outcome) ?? 0) + 1);
  if (expected.test(outcome)) return;
  const file = join(mkdtempSync(join(tmpdir(), 'mutant-')), 'message.der');
  writeFileSync(file, message);
  tally.unexpected.push(`MUTATION=${seed}:${n} ${outcome} ${file}`);
}

/** What the CA has may be asked for; nothing else is ever granted. */
const expected =
  /^(200|400|413|transport|failure: (crypto|algorithm|request|unauthorized|policy)|success: (GetCert|GetCRL) .*)$/;

async function byHttp(message: Buffer): Promise<string> {
  const { status } = await postMessage(gateway.port, message);
  return String(status);
}

async function byHandler(message: Buffer): Promise<string> {
  const correlationId = `M${(serial += 1)}`;
  const client = { correlationId, address: '192.0.2.1', userAgent: undefined };
  const request = { profile: 'default', operation: 'PKIOperation', message, client };
  try {
    await gateway.scep.handle(request);
  } catch (error) {
    return isGatewayError(error) ? error.class : `thrown: ${String(error)}`;
  }
  const at = gateway.events.findIndex((event) => event.correlationId === correlationId);
  const [event] = gateway.events.splice(at, 1);
  return `${event?.outcome}: ${event?.code ? errorCodes[event.code] : event?.messageType}`;
}

let serial = 0;

function settledMemory(): NodeJS.MemoryUsage {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 3; i++) collect();
  return process.memoryUsage();
}

describe('mutated messages', () => {
  const [only, number] = (process.env['MUTATION'] ?? '').split(':');
  const each = only && number ? [[Number(only), Number(number)] as const] : undefined;

  test(
    `${each ? 'one' : count}`,
    async () => {
      const tally: Tally = { sent: 0, unexpected: [], outcomes: new Map() };
      const end = count > 10_000 ? Infinity : Date.now() + shortRunMillis;
      const order =
        each ?? Array.from({ length: count }, (_, n) => [seeds[n % seeds.length]!, n] as const);
      let next = 0;
      let before = settledMemory();
      const lane = async () => {
        for (let turn = next++; turn < order.length && Date.now() < end; turn = next++) {
          const [seed, n] = order[turn]!;
          await sendOne(seed, n, tally);
          gateway.lines.length = 0;
          // Caches and the compiler have had their share by now.
          if (tally.sent === Math.floor(order.length / 5)) before = settledMemory();
        }
      };
      await Promise.all(Array.from({ length: atOnce }, lane));
      const after = settledMemory();

      expect(tally.unexpected).toEqual([]);
      const { enrollments } = gateway.installation.data;
      expect(await enrollments.certificates({ profile: 'default' }, new Date())).toEqual([]);
      if (each) return;
      expect(tally.sent).toBeGreaterThan(500);
      // All depths were reached: signature, envelope, request, authorization, policy.
      expect([...tally.outcomes.keys()]).toEqual(
        expect.arrayContaining(['transport', 'failure: crypto', 'failure: unauthorized']),
      );
      expect(after.heapUsed - before.heapUsed).toBeLessThan(16 * 2 ** 20);
      expect(after.rss - before.rss).toBeLessThan(128 * 2 ** 20);
      const health = await fetch(`http://127.0.0.1:${gateway.port}/healthz`);
      expect(await health.text()).toBe('ok\n');
      if (count > 10_000) report(tally, before, after);
    },
    count > 10_000 ? 3_600_000 : 120_000,
  );
});

function report(tally: Tally, before: NodeJS.MemoryUsage, after: NodeJS.MemoryUsage): void {
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  process.stderr.write(
    `${tally.sent} mutants: ${JSON.stringify(Object.fromEntries(tally.outcomes))}; ` +
      `heap ${mib(before.heapUsed)} to ${mib(after.heapUsed)}, rss ${mib(before.rss)} to ${mib(after.rss)}\n`,
  );
}
