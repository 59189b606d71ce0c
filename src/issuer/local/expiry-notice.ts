import { extensionOids, readKeyUsage, type Certificate } from '../../x509/index.js';
import type { PublishedCa, RaPair } from './authority-record.js';
import type { LoadedAuthority } from './loaded-authority.js';
import type { Notice } from '../authority.js';
import { endOfRa, raRenewalDays } from './ra-replacement.js';
import { daysUntil } from './validity.js';

/** What an administrator must know about the certificates of this authority at this moment. */
export function expiryNotices(
  { record, chain, missingKeys }: LoadedAuthority,
  caIsRecipient: boolean,
  now: Date,
): Notice[] {
  return [
    ...chain.flatMap((ca) => caNotices(ca, now)),
    ...raNotices(record.current, now),
    ...(caIsRecipient && !canEncipher(record.current.ca.certificate)
      ? [notRecipient(record.current.ca.certificate)]
      : []),
    ...missingKeys.map((key): Notice => ({
      severity: 'warning',
      code: 'ra.key-missing',
      text: `The key ${key} cannot be opened: devices that encrypt to its certificate are not understood.`,
    })),
  ];
}

/** Early enough to prepare a rollover: a year, or a fifth of a short life. */
function caNotices({ subject, notBefore, notAfter }: Certificate, now: Date): Notice[] {
  const left = daysUntil(notAfter, now);
  const warningDays = Math.min(365, daysUntil(notAfter, notBefore) / 5);
  if (left <= 0) {
    return [
      {
        severity: 'error',
        code: 'ca.expired',
        text: `The CA certificate ${subject.text} ended on ${day(notAfter)}: nothing can be issued. Prepare and activate a CA rollover.`,
      },
    ];
  }
  if (left >= warningDays) return [];
  return [
    {
      severity: left < 30 ? 'error' : 'warning',
      code: 'ca.expiring',
      text: `The CA certificate ${subject.text} ends on ${day(notAfter)}, and no certificate lasts longer. Prepare a CA rollover.`,
    },
  ];
}

function raNotices({ ca, ra }: PublishedCa, now: Date): Notice[] {
  const end = endOfRa(ra);
  const left = daysUntil(end, now);
  if (left >= raRenewalDays) return [];
  return [
    left <= 0
      ? {
          severity: 'error',
          code: 'ra.expired',
          text: `The RA certificates ended on ${day(end)}. ${raMend(ra, end, ca.certificate)}`,
        }
      : {
          severity: 'warning',
          code: 'ra.expiring',
          text: `The RA certificates end on ${day(end)}. ${raMend(ra, end, ca.certificate)}`,
        },
  ];
}

function raMend({ imported, enrolled }: RaPair, end: Date, ca: Certificate): string {
  if (enrolled)
    return 'They are renewed as soon as their CA can be asked; scep-gateway ra enroll says what it answers.';
  if (imported) return 'Import their successors.';
  return end >= ca.notAfter
    ? 'They end with their CA: prepare a CA rollover.'
    : 'They are renewed as soon as store and keys can be reached.';
}

function canEncipher(ca: Certificate): boolean {
  const extension = ca.extension(extensionOids.keyUsage);
  return extension === undefined || readKeyUsage(extension).includes('keyEncipherment');
}

function notRecipient({ subject }: Certificate): Notice {
  return {
    severity: 'warning',
    code: 'ca.not-recipient',
    text: `A profile publishes the CA alone, but the keyUsage of ${subject.text} has no keyEncipherment: some clients will not encrypt to it. Publish RA certificates, or prepare a CA rollover.`,
  };
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
