/** The process dies before and after every step of an enrollment; a new one on the same file takes over. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { EnrollmentRequest } from '../../src/enrollment/index.js';
import {
  deviceRequest,
  issuedCertificate,
  openInstallation,
  type Installation,
  type InstallationOptions,
} from './installation.js';
import { Death, type Fate } from './mortal.js';

const now = new Date('2026-06-01T12:00:00Z');
let directory: string;
let file = 0;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'crashes-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const newPath = () => join(directory, `${++file}.db`);

function fates(...steps: readonly string[]): Fate[] {
  return steps.flatMap((step) => [
    { step, when: 'before' as const },
    { step, when: 'after' as const },
  ]);
}

/** Runs `work` in a process that meets its fate, which it must. */
async function dying(
  path: string,
  fate: Fate,
  options: InstallationOptions,
  work: (house: Installation) => Promise<unknown>,
): Promise<void> {
  const house = await openInstallation(path, { ...options, fate });
  await expect(work(house)).rejects.toBeInstanceOf(Death);
  expect(house.life.ended).toBe(true);
  await house.stores.close();
}

async function inNewProcess<T>(
  path: string,
  options: InstallationOptions,
  work: (house: Installation) => Promise<T>,
): Promise<T> {
  const house = await openInstallation(path, options);
  try {
    return await work(house);
  } finally {
    await house.stores.close();
  }
}

/** The device gets one certificate, the same ever after, and its challenge serves nobody else. */
async function expectOneCertificate(
  house: Installation,
  request: EnrollmentRequest,
  challengePassword: string | undefined,
): Promise<void> {
  const certificate = issuedCertificate(await house.enrollment.enroll(request));
  for (const ask of ['enroll', 'poll'] as const) {
    const again = issuedCertificate(await house.enrollment[ask](request));
    expect(again.der.equals(certificate.der)).toBe(true);
  }
  const { enrollments, challenges } = house.stores;
  const recorded = await enrollments.certificates({ text: 'T1' }, now);
  expect(recorded.map(({ der }) => der)).toEqual([certificate.der]);
  expect(await enrollments.certificates({}, now)).toHaveLength(1);

  const trail = await enrollments.audit({ transactionId: 'T1' });
  const issued = trail.filter(({ event }) => event === 'enrollment.issued');
  expect(issued.map(({ code }) => code)).toEqual([certificate.thumbprints.sha256]);
  if (challengePassword === undefined) return;

  expect((await challenges.list({}, now)).map(({ uses }) => uses)).toEqual([1]);
  const stranger = await deviceRequest({ key: 'client-2', transactionId: 'T2', challengePassword });
  expect(await house.enrollment.enroll(stranger)).toMatchObject({ code: 'challenge.refused' });
}

describe('a challenge enrollment', () => {
  const steps = ['findTransaction', 'check', 'reserve', 'open', 'submit', 'conclude', 'confirm'];

  test('takes these steps and no others', async () => {
    await inNewProcess(newPath(), {}, async (house) => {
      const challengePassword = await house.challenge();
      await house.enrollment.enroll(await deviceRequest({ challengePassword }));
      expect(house.life.calls).toEqual(steps);
    });
  });

  test.each(fates(...steps))('is finished after a death $when $step', async (fate) => {
    const path = newPath();
    let challengePassword = '';
    const device = async () => deviceRequest({ challengePassword });
    await dying(path, fate, {}, async (house) => {
      challengePassword = await house.challenge();
      await house.enrollment.enroll(await device());
    });
    const request = await device();
    await inNewProcess(path, {}, (house) =>
      expectOneCertificate(house, request, challengePassword),
    );
  });

  test.each(fates(...steps))('belongs to its device after a death $when $step', async (fate) => {
    const path = newPath();
    let challengePassword = '';
    await dying(path, fate, {}, async (house) => {
      challengePassword = await house.challenge();
      await house.enrollment.enroll(await deviceRequest({ challengePassword }));
    });
    await inNewProcess(path, {}, async (house) => {
      const stranger = { key: 'client-2', transactionId: 'T2', challengePassword } as const;
      const outcome = await house.enrollment.enroll(await deviceRequest(stranger));
      const reserved = steps.indexOf(fate.step) * 2 + (fate.when === 'after' ? 1 : 0) >= 5;
      expect(outcome).toMatchObject(reserved ? { code: 'challenge.refused' } : { kind: 'issued' });
      expect(await house.stores.enrollments.certificates({ text: 'T2' }, now)).toHaveLength(
        reserved ? 0 : 1,
      );
    });
  });
});

describe('an outage of the issuer', () => {
  test.each(fates('abandon', 'release'))('a death $when $step', async (fate) => {
    const path = newPath();
    let challengePassword = '';
    await dying(path, fate, {}, async (house) => {
      challengePassword = await house.challenge();
      house.issuer.onSubmit = () =>
        Promise.resolve({ kind: 'unavailable', submission: 'none', detail: 'down' });
      await house.enrollment.enroll(await deviceRequest({ challengePassword }));
    });
    const request = await deviceRequest({ challengePassword });
    await inNewProcess(path, {}, (house) =>
      expectOneCertificate(house, request, challengePassword),
    );
  });
});

describe('a renewal', () => {
  test.each(fates('findTransaction', 'open', 'submit', 'conclude'))(
    'is finished after a death $when $step',
    async (fate) => {
      const path = newPath();
      const signer = await inNewProcess(path, {}, async (house) => {
        const challengePassword = await house.challenge();
        const first = await deviceRequest({ transactionId: 'T0', challengePassword });
        return issuedCertificate(await house.enrollment.enroll(first));
      });
      const renewal = await deviceRequest({ signer, intent: 'renewal' });
      await dying(path, fate, {}, (house) => house.enrollment.enroll(renewal));
      await inNewProcess(path, {}, async (house) => {
        const certificate = issuedCertificate(await house.enrollment.enroll(renewal));
        const again = issuedCertificate(await house.enrollment.enroll(renewal));
        expect(again.der.equals(certificate.der)).toBe(true);
        expect(await house.stores.enrollments.certificates({}, now)).toHaveLength(2);
      });
    },
  );
});

describe('manual approval', () => {
  const manual: InstallationOptions = { profile: { approval: 'manual' } };

  async function waiting(path: string): Promise<[EnrollmentRequest, string]> {
    return inNewProcess(path, manual, async (house) => {
      const challengePassword = await house.challenge();
      const request = await deviceRequest({ challengePassword });
      expect(await house.enrollment.enroll(request)).toEqual({ kind: 'pending' });
      return [request, challengePassword];
    });
  }

  test('waits over any number of deaths and is then approved', async () => {
    const path = newPath();
    const [request, challengePassword] = await waiting(path);
    await inNewProcess(path, manual, async (house) => {
      expect(await house.enrollment.poll(request)).toEqual({ kind: 'pending' });
      expect(await house.enrollment.enroll(request)).toEqual({ kind: 'pending' });
    });
    await inNewProcess(path, manual, async (house) => {
      await house.approve();
      await expectOneCertificate(house, request, challengePassword);
    });
  });

  test.each(fates('reserve', 'countPending', 'open'))(
    'is asked for again after a death $when $step',
    async (fate) => {
      const path = newPath();
      let challengePassword = '';
      await dying(path, fate, manual, async (house) => {
        challengePassword = await house.challenge();
        await house.enrollment.enroll(await deviceRequest({ challengePassword }));
      });
      const request = await deviceRequest({ challengePassword });
      await inNewProcess(path, manual, async (house) => {
        expect(await house.enrollment.enroll(request)).toEqual({ kind: 'pending' });
        expect(await house.stores.enrollments.pending({})).toHaveLength(1);
        await house.approve();
        await expectOneCertificate(house, request, challengePassword);
      });
    },
  );

  test.each(fates('submit', 'conclude', 'confirm'))(
    'is issued once after a death $when $step of the approved request',
    async (fate) => {
      const path = newPath();
      const [request, challengePassword] = await waiting(path);
      await inNewProcess(path, manual, (house) => house.approve());
      await dying(path, fate, manual, (house) => house.enrollment.poll(request));
      await inNewProcess(path, manual, (house) =>
        expectOneCertificate(house, request, challengePassword),
      );
    },
  );

  test.each(fates('conclude', 'confirm'))(
    'a denial $when whose $step the command dies opens the challenge for nobody',
    async (fate) => {
      const path = newPath();
      const [request, challengePassword] = await waiting(path);
      await dying(path, fate, manual, (house) => house.approve('deny'));
      await inNewProcess(path, manual, async (house) => {
        const decided = !(fate.step === 'conclude' && fate.when === 'before');
        expect((await house.enrollment.enroll(request)).kind).toBe(
          decided ? 'rejected' : 'pending',
        );
        const stranger = { key: 'client-2', transactionId: 'T2', challengePassword } as const;
        expect(await house.enrollment.enroll(await deviceRequest(stranger))).toMatchObject({
          code: 'challenge.refused',
        });
      });
    },
  );
});
