/** How RA certificates follow one another. Each function gives the record that would follow, or undefined. */
import { Name, parseDistinguishedName, verifyIssuedBy } from '../../x509/index.js';
import type { AuthorityContext } from './authority-context.js';
import type { AuthorityRecord, PublishedCa, RaPair } from './authority-record.js';
import type { ImportedKeyPair } from './local-authority.types.js';
import { NumberedKeys } from './numbered-keys.js';
import { importedRa, isSingle, newRa } from './ra-pair.js';
import { addDays, addYears, daysUntil, earlier } from './validity.js';

/** RA certificates with fewer days left are renewed. */
export const raRenewalDays = 30;

/** Renews RA certificates that end soon or differ from the configuration; imported ones are left alone. */
export async function renewedRa(
  context: AuthorityContext,
  record: AuthorityRecord,
): Promise<AuthorityRecord | undefined> {
  const keys = new NumberedKeys(context.ring, context.name, record.keyNumbers);
  const renew = async (ca: PublishedCa): Promise<PublishedCa> =>
    isDue(context, ca) ? { ...ca, ra: await newRa(context, keys, ca) } : ca;
  const current = await renew(record.current);
  const next = record.next && (await renew(record.next));
  if (current === record.current && next === record.next) return undefined;
  return {
    ...record,
    current,
    ...(next && { next }),
    replacedRa: [
      ...replaced(context, record.current.ra, current.ra),
      ...(record.next ? replaced(context, record.next.ra, next?.ra) : []),
      ...record.replacedRa,
    ],
    keyNumbers: keys.numbers,
  };
}

/**
 * Takes over the RA certificates of the configuration, unless they are in force already or belong to a
 * CA that has been replaced.
 *
 * @throws GatewayError `config.invalid`
 */
export async function takenOverRa(
  context: AuthorityContext,
  record: AuthorityRecord,
  imported: readonly ImportedKeyPair[],
): Promise<AuthorityRecord | undefined> {
  const given = imported.flatMap(({ certificates }) => certificates);
  const isGiven = (ra: RaPair): boolean =>
    [ra.signing, ra.encryption].every(({ certificate }) =>
      given.some(({ der }) => der.equals(certificate.der)),
    );
  if (isGiven(record.current.ra) || (record.next && isGiven(record.next.ra))) return undefined;
  if (record.retired.some(({ ca }) => given.some((one) => verifyIssuedBy(one, ca.certificate))))
    return undefined;
  const keys = new NumberedKeys(context.ring, context.name, record.keyNumbers);
  const ra = await importedRa(context, keys, imported);
  return {
    ...record,
    current: { ...record.current, ra },
    replacedRa: [...replaced(context, record.current.ra, ra), ...record.replacedRa],
    keyNumbers: keys.numbers,
  };
}

/** Drops replaced keys whose overlap is over. */
export function withoutOldRaKeys(record: AuthorityRecord, now: Date): AuthorityRecord | undefined {
  const replacedRa = record.replacedRa.filter(({ until }) => until > now);
  return replacedRa.length === record.replacedRa.length ? undefined : { ...record, replacedRa };
}

/** The key that `to` no longer opens messages with; none where it is the same. */
export function replaced(
  { clock, settings }: AuthorityContext,
  { encryption }: RaPair,
  to: RaPair | undefined,
): AuthorityRecord['replacedRa'] {
  if (to?.encryption.key === encryption.key || settings.raOverlapDays === 0) return [];
  return [{ ...encryption, until: addDays(clock(), settings.raOverlapDays) }];
}

/** The first of the two to end. */
export function endOfRa({ signing, encryption }: RaPair): Date {
  return earlier(signing.certificate.notAfter, encryption.certificate.notAfter);
}

function isDue({ clock, settings }: AuthorityContext, { ca, ra }: PublishedCa): boolean {
  if (ra.imported) return false;
  const { subject, publicKey } = ra.encryption.certificate;
  if (
    isSingle(ra) !== (settings.raCertificates === 'single') ||
    publicKey.bits !== settings.raKeyBits ||
    !subject.matches(Name.fromDer(parseDistinguishedName(settings.raSubject)))
  )
    return true;
  // Near the end of the CA a renewed certificate would end when the present one does.
  const renewedEnd = earlier(addYears(clock(), settings.raYears), ca.certificate.notAfter);
  return daysUntil(endOfRa(ra), clock()) < raRenewalDays && daysUntil(renewedEnd, endOfRa(ra)) > 1;
}
