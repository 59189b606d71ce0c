/** RFC 8894 §4.7: a next CA is prepared, announced, and one day takes over. */
import { GatewayError } from '../../errors/index.js';
import { verifyIssuedBy } from '../../x509/index.js';
import type { AuthorityContext } from './authority-context.js';
import type { AuthorityRecord, PublishedCa } from './authority-record.js';
import { importedCa, newCa } from './ca-generation.js';
import { isSameKey } from './imported-key-pair.js';
import type { ImportedKeyPair, RolloverOrder } from './local-authority.types.js';
import { NumberedKeys } from './numbered-keys.js';
import { newRa } from './ra-pair.js';
import { replaced } from './ra-replacement.js';

/** @throws GatewayError `cli.usage`, `config.invalid` */
export async function withSuccessor(
  context: AuthorityContext,
  record: AuthorityRecord,
  order: RolloverOrder,
): Promise<AuthorityRecord> {
  if (record.next) {
    throw new GatewayError('cli.usage', 'A CA rollover is prepared already.', {
      mend: 'Activate it or discard it first.',
    });
  }
  if (order.imported) refuseKnownCa(record, order.imported);
  const keys = new NumberedKeys(context.ring, context.name, record.keyNumbers);
  const ca = order.imported
    ? await importedCa(context, keys, order.imported)
    : await newCa(context, keys, {
        predecessor: record.current,
        subject: order.subject,
        newRoot: order.newRoot ?? false,
      });
  const ra = isForeign(record.current) ? record.current.ra : await newRa(context, keys, ca);
  return { ...record, next: { ...ca, ra }, keyNumbers: keys.numbers };
}

/** RA certificates imported from a CA elsewhere have nothing to do with a rollover of ours. */
function isForeign({ ra, ca }: PublishedCa): boolean {
  return ra.imported && !verifyIssuedBy(ra.encryption.certificate, ca.certificate);
}

/** @throws GatewayError `cli.not-found` */
export function withSuccessorActive(
  context: AuthorityContext,
  record: AuthorityRecord,
): AuthorityRecord {
  const { next, ...rest } = record;
  if (next === undefined) throw nothingPrepared();
  const { ra, ...retiring } = record.current;
  return {
    ...rest,
    current: next,
    retired: [{ ...retiring, retiredAt: context.clock() }, ...record.retired],
    replacedRa: [...replaced(context, ra, next.ra), ...record.replacedRa],
  };
}

/** @throws GatewayError `cli.not-found` */
export function withoutSuccessor(record: AuthorityRecord): AuthorityRecord {
  const { next, ...rest } = record;
  if (next === undefined) throw nothingPrepared();
  return rest;
}

function refuseKnownCa(record: AuthorityRecord, imported: ImportedKeyPair): void {
  const known = [record.current, ...record.retired].find(({ ca }) =>
    imported.certificates.some((one) => isSameKey(one.publicKey, ca.certificate.publicKey)),
  );
  if (known) {
    throw new GatewayError(
      'config.invalid',
      `The imported CA has the key of ${known.ca.certificate.subject.text}.`,
      { mend: 'A rollover needs a CA with a key of its own.' },
    );
  }
}

function nothingPrepared(): GatewayError {
  return new GatewayError('cli.not-found', 'No CA rollover is prepared.', {
    mend: 'Prepare one first.',
  });
}
