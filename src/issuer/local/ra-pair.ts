import { parseDistinguishedName } from '../../x509/index.js';
import type { RaPurpose } from '../ra-keeper.js';
import { recordCertificate, type AuthorityContext } from './authority-context.js';
import type { CaGeneration, KeptCertificate, RaPair } from './authority-record.js';
import type { SigningCa } from './certificate-mint.js';
import { raExtensions } from './certificate-purpose.js';
import { checkImportedRa, type CheckedKeyPair } from './imported-key-pair.js';
import type { ImportedKeyPair } from './local-authority.types.js';
import type { KeyRole, NumberedKeys } from './numbered-keys.js';
import { addYears } from './validity.js';

/** New RA certificates of this CA, on new keys. */
export async function newRa(
  context: AuthorityContext,
  keys: NumberedKeys,
  { number, ca }: CaGeneration,
): Promise<RaPair> {
  const issuing: SigningCa = {
    id: { level: 'ca', number },
    certificate: ca.certificate,
    key: await context.ring.load(ca.key),
  };
  if (context.settings.raCertificates === 'single') {
    const both = await newRaCertificate(context, keys, issuing, 'both');
    return { imported: false, signing: both, encryption: both };
  }
  return {
    imported: false,
    signing: await newRaCertificate(context, keys, issuing, 'signing'),
    encryption: await newRaCertificate(context, keys, issuing, 'encryption'),
  };
}

/** @throws GatewayError `config.invalid` */
export async function importedRa(
  context: AuthorityContext,
  keys: NumberedKeys,
  imported: readonly ImportedKeyPair[],
): Promise<RaPair> {
  const { signing, encryption } = checkImportedRa(imported, context.clock());
  if (signing === encryption) {
    const both = await keepImported(context, keys, 'ra', signing);
    return { imported: true, signing: both, encryption: both };
  }
  return {
    imported: true,
    signing: await keepImported(context, keys, 'ra-sign', signing),
    encryption: await keepImported(context, keys, 'ra-encrypt', encryption),
  };
}

/** True where one certificate does both. */
export function isSingle({ signing, encryption }: RaPair): boolean {
  return signing.certificate.der.equals(encryption.certificate.der);
}

const roles = {
  signing: 'ra-sign',
  encryption: 'ra-encrypt',
  both: 'ra',
} as const satisfies Record<RaPurpose, KeyRole>;

async function newRaCertificate(
  context: AuthorityContext,
  keys: NumberedKeys,
  ca: SigningCa,
  purpose: RaPurpose,
): Promise<KeptCertificate> {
  const { raKeyBits, raSubject, raYears } = context.settings;
  const made = await keys.make(roles[purpose], raKeyBits);
  const certificate = await context.mint.issue(ca, {
    subject: parseDistinguishedName(raSubject),
    publicKey: made.key.publicKey,
    extensions: raExtensions(purpose),
    notAfter: addYears(context.clock(), raYears),
  });
  await recordCertificate(context, certificate);
  return { key: made.name, certificate };
}

async function keepImported(
  context: AuthorityContext,
  keys: NumberedKeys,
  role: KeyRole,
  pair: CheckedKeyPair,
): Promise<KeptCertificate> {
  const { certificate } = pair;
  const kept = await keys.keep(role, pair);
  await recordCertificate(context, certificate);
  return { key: kept.name, certificate };
}
