import { messageOf } from '../errors/index.js';
import type { Notice, RaEnrollment, RaKeeper } from '../issuer/index.js';

/** RA certificates with fewer days left are asked for anew. */
const renewalDays = 30;

/**
 * Keeps RA certificates from the CA fresh, and says what an administrator has to do about others. Never
 * rejects.
 */
export async function keepRaFresh(
  keeper: RaKeeper,
  enroll: () => Promise<RaEnrollment>,
  now: Date,
): Promise<Notice[]> {
  const { origin, signing, encryption, requests } = keeper.status();
  const isBegun = requests.some(
    ({ requestId, certificate }) => requestId !== undefined || certificate !== undefined,
  );
  if (isBegun) return told(enroll);
  const end = Math.min(signing.notAfter.getTime(), encryption.notAfter.getTime());
  const isDue = end - now.getTime() < renewalDays * 86_400_000;
  if (origin === 'enrolled' && isDue) return told(enroll);
  return origin === 'self' ? [selfCertified] : [];
}

async function told(enroll: () => Promise<RaEnrollment>): Promise<Notice[]> {
  try {
    return [noticeOf(await enroll())];
  } catch (error) {
    return [failed(messageOf(error))];
  }
}

function noticeOf(outcome: RaEnrollment): Notice {
  switch (outcome.kind) {
    case 'installed': {
      const end = outcome.status.encryption.notAfter.toISOString().slice(0, 10);
      const text = `New RA certificates of the CA are in force and end on ${end}.`;
      return { severity: 'info', code: 'ra.renewed', text };
    }
    case 'pending': {
      const ids = outcome.requestIds.join(' and ');
      const text = `RA certificates wait at the CA for a certificate manager: request ${ids}.`;
      return { severity: 'warning', code: 'ra.failed', text };
    }
    case 'refused':
      return failed(outcome.detail);
    case 'unavailable':
      return failed([outcome.detail, outcome.mend].filter(Boolean).join(' '));
  }
}

function failed(reason: string): Notice {
  const text = `RA certificates could not be obtained from the CA: ${reason}`;
  return { severity: 'error', code: 'ra.failed', text };
}

const selfCertified: Notice = {
  severity: 'warning',
  code: 'ra.self-certified',
  text: 'The RA certificates are certified by the gateway itself; devices that check them against the CA refuse them. Obtain some from the CA: scep-gateway ra enroll',
};
