import { GatewayError } from '../../errors/index.js';
import type { AuthorityContext } from './authority-context.js';
import type { AuthorityRecord } from './authority-record.js';
import { importedCa, newCa } from './ca-generation.js';
import { checkImportedCa, isSameKey } from './imported-key-pair.js';
import type { ImportedKeyPair, LocalAuthorityOptions } from './local-authority.types.js';
import { NumberedKeys } from './numbered-keys.js';
import { importedRa, newRa } from './ra-pair.js';

/** What a first start begins with. */
export async function foundAuthority(
  context: AuthorityContext,
  imported: LocalAuthorityOptions['imported'],
): Promise<AuthorityRecord> {
  const none = { ca: 0, root: 0, 'ra-sign': 0, 'ra-encrypt': 0, ra: 0 };
  const keys = new NumberedKeys(context.ring, context.name, none);
  const ca = imported?.ca
    ? await importedCa(context, keys, imported.ca)
    : await newCa(context, keys);
  const ra = imported?.ra
    ? await importedRa(context, keys, imported.ra)
    : await newRa(context, keys, ca);
  return {
    format: 1,
    current: { ...ca, ra },
    retired: [],
    replacedRa: [],
    keyNumbers: keys.numbers,
  };
}

/**
 * A CA import met again on a later start: nothing new, or the CA was certified anew on its old key.
 * Another CA is refused: to change it under the devices is a rollover.
 *
 * @throws GatewayError `config.invalid`
 */
export function recertifiedCa(
  context: AuthorityContext,
  record: AuthorityRecord,
  imported: ImportedKeyPair,
): AuthorityRecord | undefined {
  const known = [record.current, ...(record.next ? [record.next] : []), ...record.retired];
  const knownDer = new Set(known.map(({ ca }) => ca.certificate.thumbprints.sha256));
  if (imported.certificates.some(({ thumbprints }) => knownDer.has(thumbprints.sha256)))
    return undefined;
  const { certificate, above } = checkImportedCa(imported, context.clock());
  const present = record.current.ca.certificate;
  if (
    !isSameKey(certificate.publicKey, present.publicKey) ||
    !certificate.subject.matches(present.subject)
  ) {
    throw new GatewayError(
      'config.invalid',
      `The issuer ${context.name} already has the CA ${present.subject.text}; the imported one is ${certificate.subject.text} with another key or name.`,
      { mend: 'Prepare a CA rollover with the imported CA, or configure it as a new issuer.' },
    );
  }
  if (certificate.notBefore < present.notBefore) return undefined;
  const { key } = record.current.ca;
  return { ...record, current: { ...record.current, ca: { key, certificate }, above } };
}
