/**
 * The process dies before and after every step towards a CA that is not in it; another one on the same file
 * takes over. No certificate is lost, and none is issued twice to one transaction.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { EnrollmentRequest } from '../../src/enrollment/index.js';
import { distantCa, type DistantCa } from '../support/distant-ca.js';
import {
  deviceRequest,
  issuedCertificate,
  openInstallation,
  type Installation,
  type InstallationOptions,
} from './installation.js';
import type { Fate } from './mortal.js';

let directory: string;
let file = 0;
let path: string;
let now: Date;
let ca: DistantCa;
const clock = () => now;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'distant-'));
});
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(() => {
  path = join(directory, `${++file}.db`);
  now = new Date('2026-06-01T12:00:00Z');
});

const minutesPass = (minutes: number) => {
  now = new Date(now.getTime() + minutes * 60_000);
};

function fates(...steps: readonly (string | readonly [string, number])[]): Fate[] {
  return steps.flatMap((each) => {
    const [step, nth] = typeof each === 'string' ? [each, 1] : each;
    return [
      { step, nth, when: 'before' as const },
      { step, nth, when: 'after' as const },
    ];
  });
}

async function inProcess<T>(
  work: (house: Installation) => Promise<T>,
  options: InstallationOptions = {},
): Promise<T> {
  const house = await openInstallation(path, { clock, issuer: ca.issuer, ...options });
  try {
    return await work(house);
  } finally {
    await house.stores.close();
  }
}

/** Runs `work` in a process that meets its fate, which it must. */
async function dying(fate: Fate, work: (house: Installation) => Promise<unknown>): Promise<void> {
  await inProcess(
    async (house) => {
      await work(house).catch(() => undefined);
      expect([fate, house.life.ended]).toEqual([fate, true]);
    },
    { fate },
  );
}

async function newRequest(): Promise<EnrollmentRequest> {
  return inProcess(async (house) => deviceRequest({ challengePassword: await house.challenge() }));
}

const submit = [
  ...['findTransaction', 'check', 'countPending', 'reserve', 'open', 'submit', 'conclude'],
  'confirm',
];

/** The one certificate, the same for each who asks, its challenge spent once. */
async function expectOne(house: Installation, request: EnrollmentRequest): Promise<void> {
  const certificate = issuedCertificate(await house.enrollment.enroll(request));
  const polled = issuedCertificate(await house.enrollment.poll(request));
  expect(polled.der.equals(certificate.der)).toBe(true);
  expect([...ca.issued.values()].map((list) => list.map(({ serial }) => serial))).toEqual([
    [certificate.serial],
  ]);
  expect(await house.stores.enrollments.certificates({}, now)).toHaveLength(1);
  expect(await house.stores.enrollments.pending({})).toEqual([]);
  const challenges = await house.stores.challenges.list({}, now);
  expect(challenges.map(({ uses }) => uses)).toEqual([1]);
}

describe('a CA that can be asked what became of a submission', () => {
  beforeEach(async () => {
    ca = await distantCa({ reconciles: true });
  });

  test('is asked in these steps and no others: the submission is recorded by the opening', async () => {
    const request = await newRequest();
    await inProcess(async (house) => {
      expect((await house.enrollment.enroll(request)).kind).toBe('issued');
      expect(house.life.calls).toEqual(submit);
    });
  });

  test.each(fates(...submit))('a death $when $step', async (fate) => {
    const request = await newRequest();
    await dying(fate, (house) => house.enrollment.enroll(request));
    minutesPass(1);
    await inProcess(async (house) => {
      const outcome = await house.enrollment.enroll(request);
      expect(['issued', 'pending']).toContain(outcome.kind);
      minutesPass(5);
      await house.enrollment.backlog.round();
      await expectOne(house, request);
    });
  });

  const round = ['isAnythingDue', 'holdDue', 'transaction', 'reconcile', 'conclude', 'confirm'];
  test.each(fates(...round))('a death in the open, and another $when $step', async (fate) => {
    const request = await newRequest();
    await dying({ step: 'submit', when: 'after' }, (house) => house.enrollment.enroll(request));
    minutesPass(5);
    await dying(fate, (house) => house.enrollment.backlog.round());
    minutesPass(5);
    await inProcess(async (house) => {
      await house.enrollment.backlog.round();
      await expectOne(house, request);
    });
  });

  const again = [...round, 'submit', ['conclude', 2], ['conclude', 3]] as const;
  test.each(fates(...again))(
    'a death before sending, and another $when $step $nth',
    async (fate) => {
      const request = await newRequest();
      await dying({ step: 'submit', when: 'before' }, (house) => house.enrollment.enroll(request));
      minutesPass(5);
      await dying(fate, (house) => house.enrollment.backlog.round());
      minutesPass(5);
      await inProcess(async (house) => {
        await house.enrollment.backlog.round();
        await expectOne(house, request);
      });
    },
  );

  const queued = [
    'isAnythingDue',
    'holdDue',
    'transaction',
    ['conclude', 1],
    'submit',
    ['conclude', 2],
    'confirm',
  ] as const;
  test.each(fates(...queued))(
    'a death $when $step $nth when the queue is worked off',
    async (fate) => {
      const request = await newRequest();
      const whenUp = ca.issuer.onSubmit;
      ca.issuer.onSubmit = () =>
        Promise.resolve({ kind: 'unavailable', submission: 'none', detail: 'down' });
      await inProcess(async (house) => {
        expect(await house.enrollment.enroll(request)).toEqual({ kind: 'pending' });
      });
      ca.issuer.onSubmit = whenUp;
      minutesPass(1);
      await dying(fate, (house) => house.enrollment.backlog.round());
      minutesPass(5);
      await inProcess(async (house) => {
        await house.enrollment.backlog.round();
        await expectOne(house, request);
      });
    },
  );
});

describe('a CA that cannot be asked', () => {
  beforeEach(async () => {
    ca = await distantCa();
  });

  test.each(fates('submit'))(
    'gets nothing again by itself after a death $when $step',
    async (fate) => {
      const request = await newRequest();
      await dying(fate, (house) => house.enrollment.enroll(request));
      for (let n = 0; n < 5; n++) {
        minutesPass(60);
        await inProcess(async (house) => {
          await house.enrollment.backlog.round();
          expect(await house.enrollment.enroll(request)).toEqual({ kind: 'pending' });
          expect(await house.enrollment.poll(request)).toEqual({ kind: 'pending' });
        });
      }
      const sent = fate.when === 'after' ? 1 : 0;
      expect(ca.issuer.submissions).toHaveLength(sent);
      await inProcess(async (house) => {
        const [row] = await house.stores.enrollments.pending({});
        expect(row).toMatchObject({ state: { kind: 'in-doubt', issuer: 'distant' } });
        await house.decide('retry');
        await house.enrollment.backlog.round();
        expect((await house.enrollment.poll(request)).kind).toBe('issued');
        expect(ca.issuer.submissions).toHaveLength(sent + 1);
      });
    },
  );

  test('a device that comes again with another request leaves a note of the one in doubt', async () => {
    const request = await newRequest();
    await dying({ step: 'submit', when: 'after' }, (house) => house.enrollment.enroll(request));
    const challengePassword = await inProcess((house) => house.challenge());
    const another = await deviceRequest({ challengePassword });
    await inProcess(async (house) => {
      const early = await house.enrollment.enroll(another);
      expect(early).toEqual({ kind: 'unavailable', retryAfterSeconds: 30 });
      minutesPass(5);
      await house.enrollment.backlog.round();
      expect((await house.enrollment.enroll(another)).kind).toBe('issued');
      const trail = await house.stores.enrollments.audit({ transactionId: 'T1' });
      expect(trail.map(({ event }) => event)).toEqual([
        'enrollment.issued',
        'enrollment.replaced',
        'enrollment.in-doubt',
      ]);
    });
  });
});

test('a death while sending locks no device out when the issuer is gone since then', async () => {
  ca = await distantCa();
  const request = await newRequest();
  await dying({ step: 'submit', when: 'after' }, (house) => house.enrollment.enroll(request));
  const challengePassword = await inProcess((house) => house.challenge());
  const another = await deviceRequest({ challengePassword });
  ca = await distantCa({ name: 'successor' });
  await inProcess(async (house) => {
    expect((await house.enrollment.enroll(another)).kind).toBe('unavailable');
    minutesPass(5);
    await house.enrollment.backlog.round();
    expect((await house.enrollment.enroll(another)).kind).toBe('issued');
    const [, replaced] = await house.stores.enrollments.audit({ transactionId: 'T1' });
    expect([replaced?.event, replaced?.reason]).toEqual([
      'enrollment.replaced',
      'another request took the place of one that had no answer; distant may have it',
    ]);
  });
});

describe('a CA that takes requests under submission', () => {
  beforeEach(async () => {
    ca = await distantCa({ asksItsManager: true, reconciles: true });
  });

  const polling = ['isAnythingDue', 'holdDue', 'transaction', 'retrieve', 'conclude', 'confirm'];
  test.each(fates(...polling))('a death $when $step of a background question', async (fate) => {
    const request = await newRequest();
    await inProcess(async (house) => {
      expect(await house.enrollment.enroll(request)).toEqual({ kind: 'pending' });
    });
    await ca.decide(true);
    minutesPass(1);
    await dying(fate, (house) => house.enrollment.backlog.round());
    minutesPass(5);
    await inProcess(async (house) => {
      await house.enrollment.backlog.round();
      expect(ca.issuer.submissions).toHaveLength(1);
      await expectOne(house, request);
    });
  });
});
