/** Any weather at the CA, any number of deaths and any hurry of devices: one certificate for each, and no other. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { EnrollmentRequest } from '../../src/enrollment/index.js';
import type { IssuanceOutcome } from '../../src/issuer/index.js';
import { deviceRequest, openInstallation, type Installation } from '../faults/installation.js';
import { distantCa, type DistantCa } from '../support/distant-ca.js';

const directory = mkdtempSync(join(tmpdir(), 'weather-'));
afterAll(() => rmSync(directory, { recursive: true }));
let file = 0;

/** How the CA takes the next call. */
const weather = fc.constantFrom(
  'fair',
  'down',
  'lost on the way',
  'lost on the way back',
  'throws',
);
type Weather = typeof weather extends fc.Arbitrary<infer T> ? T : never;

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('round' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      minutes: fc.integer({ min: 1, max: 2 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('enroll' as const, 'poll' as const),
      device: fc.nat(2),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('restart' as const, 'decide' as const) }),
  },
);

const down: IssuanceOutcome = { kind: 'unavailable', submission: 'none', detail: 'down' };
const lost: IssuanceOutcome = { kind: 'unavailable', submission: 'unknown', detail: 'lost' };

function underWeather(ca: DistantCa, coming: Weather[]): void {
  const { issuer } = ca;
  const [submit, retrieve, reconcile] = [issuer.onSubmit, issuer.onRetrieve, issuer.reconcile!];
  const next = () => coming.shift() ?? 'fair';
  issuer.onSubmit = async (request) => {
    const now = next();
    if (now === 'down') return down;
    if (now === 'lost on the way') return lost;
    const outcome = await submit(request);
    if (now === 'throws') throw new Error('reset');
    return now === 'fair' ? outcome : lost;
  };
  issuer.onRetrieve = (id) => (next() === 'fair' ? retrieve(id) : Promise.resolve(down));
  issuer.reconcile = (request, authorization) =>
    next() === 'fair'
      ? reconcile(request, authorization)
      : Promise.resolve({ kind: 'unavailable', detail: 'down' });
}

async function withInstallation(
  ca: DistantCa,
  work: (
    house: () => Installation,
    restart: () => Promise<void>,
    pass: (minutes: number) => void,
  ) => Promise<void>,
): Promise<void> {
  const path = join(directory, `${++file}.db`);
  let now = new Date('2026-06-01T12:00:00Z');
  const profile = { replayMillis: 30 * 24 * 3_600_000 };
  const open = () => openInstallation(path, { clock: () => now, issuer: ca.issuer, profile });
  let house = await open();
  const restart = async () => {
    await house.stores.close();
    house = await open();
  };
  try {
    await work(
      () => house,
      restart,
      (minutes) => (now = new Date(now.getTime() + minutes * 60_000)),
    );
  } finally {
    await house.stores.close();
  }
}

test('each device gets one certificate, and is never told that it failed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(weather, { maxLength: 25 }),
      fc.array(step, { maxLength: 25 }),
      fc.boolean(),
      async (coming, steps, asksItsManager) => {
        const ca = await distantCa({ reconciles: true, asksItsManager });
        underWeather(ca, [...coming]);
        await withInstallation(ca, async (house, restart, pass) => {
          const requests: EnrollmentRequest[] = [];
          for (const transactionId of ['T0', 'T1', 'T2']) {
            const challengePassword = await house().challenge();
            requests.push(await deviceRequest({ transactionId, challengePassword }));
          }
          const begun = new Set<number>();
          for (const each of steps) {
            if (each.kind === 'round') await house().enrollment.backlog.round();
            else if (each.kind === 'pass') pass(each.minutes);
            else if (each.kind === 'restart') await restart();
            else if (each.kind === 'decide') await ca.decide(true);
            else if ('device' in each && (each.kind === 'enroll' || begun.has(each.device))) {
              begun.add(each.device);
              const outcome = await house().enrollment[each.kind](requests[each.device]!);
              expect(['issued', 'pending']).toContain(outcome.kind);
            }
          }
          for (const request of requests) await house().enrollment.enroll(request);
          for (let n = 0; n < 40; n++) {
            pass(20);
            await ca.decide(true);
            await house().enrollment.backlog.round();
          }
          for (const request of requests)
            expect((await house().enrollment.poll(request)).kind).toBe('issued');
          expect([...ca.issued.values()].map((list) => list.length)).toEqual([1, 1, 1]);
          expect((await house().enrollment.backlog.status()).waiting).toEqual([]);
        });
      },
    ),
    { numRuns: 25 },
  );
}, 60_000);
