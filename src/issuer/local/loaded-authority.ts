import type { Certificate } from '../../x509/index.js';
import type { CaRollover, RegistrationAuthority } from '../registration-authority.js';
import {
  readAuthorityRecord,
  type AuthorityRecord,
  type CaGeneration,
  type KeptCertificate,
} from './authority-record.js';
import type { SigningCa } from './certificate-mint.js';
import type { KeyRing } from './key-ring.js';
import { isSingle } from './ra-pair.js';
import { addDays } from './validity.js';

/** A record with the keys that requests need: one state of the authority, immutable. */
export interface LoadedAuthority {
  /** The record as the store holds it: tells whether another process has moved on. */
  readonly text: string;
  readonly record: AuthorityRecord;
  readonly issuing: SigningCa;
  /** Issuing CA first, root last. */
  readonly chain: readonly Certificate[];
  readonly ra: RegistrationAuthority;
  /** The CA as its own RA. */
  readonly caAsRa: RegistrationAuthority;
  readonly rollover: CaRollover | undefined;
  /** Keys of old or prepared certificates that could not be opened; the authority works without them. */
  readonly missingKeys: readonly string[];
}

export interface LoadingOptions {
  readonly ring: KeyRing;
  readonly caIsRecipient: boolean;
  readonly raOverlapDays: number;
  readonly now: Date;
}

/** @throws GatewayError of the key store when a key in force cannot be opened */
export async function loadAuthority(
  text: string,
  options: LoadingOptions,
): Promise<LoadedAuthority> {
  const record = readAuthorityRecord(text);
  const { current, next } = record;
  const { ring, caIsRecipient } = options;
  const ca = await openKept(ring, current.ca);
  const signing = await openKept(ring, current.ra.signing);
  const encryption = await openKept(ring, current.ra.encryption);
  const { opened, missing } = await openOthers(record, options);

  const raKeys = [
    encryption,
    ...opened.replacedRa,
    // Some clients encrypt to the first RA certificate they see, whatever its keyUsage.
    ...(isSingle(current.ra) ? [] : [signing]),
  ];
  const caKeys = [ca, ...opened.oldCa];
  return {
    text,
    record,
    issuing: { id: { level: 'ca', number: current.number }, ...ca },
    chain: chainOf(current),
    ra: {
      signing,
      decryption: [...raKeys, ...(caIsRecipient ? caKeys : []), ...opened.next],
      certificates: isSingle(current.ra)
        ? [signing.certificate]
        : [signing.certificate, encryption.certificate],
    },
    caAsRa: {
      signing: ca,
      decryption: [...caKeys, ...raKeys, ...opened.next],
      certificates: [ca.certificate],
    },
    rollover: next && {
      chain: chainOf(next),
      raCertificates: isSingle(next.ra)
        ? [next.ra.signing.certificate]
        : [next.ra.signing.certificate, next.ra.encryption.certificate],
    },
    missingKeys: missing,
  };
}

/** Keys beside those in force: replaced within the overlap, or announced for later. */
async function openOthers(
  { replacedRa, retired, next }: AuthorityRecord,
  { ring, caIsRecipient, raOverlapDays, now }: LoadingOptions,
) {
  const missing: string[] = [];
  const open = async (kept: readonly KeptCertificate[]) => {
    const found = await Promise.all(
      kept.map((one) =>
        openKept(ring, one).catch(() => {
          missing.push(one.key);
          return undefined;
        }),
      ),
    );
    return found.filter((one) => one !== undefined);
  };
  const oldCas = retired.filter(({ retiredAt }) => addDays(retiredAt, raOverlapDays) > now);
  const opened = {
    replacedRa: await open(replacedRa.filter(({ until }) => until > now)),
    oldCa: await open(caIsRecipient ? oldCas.map(({ ca }) => ca) : []),
    next: await open(next ? [next.ra.encryption, ...(caIsRecipient ? [next.ca] : [])] : []),
  };
  return { opened, missing };
}

async function openKept(ring: KeyRing, { key, certificate }: KeptCertificate) {
  return { certificate, key: await ring.load(key) };
}

function chainOf({ ca, above }: CaGeneration): readonly Certificate[] {
  return [ca.certificate, ...above];
}
