import type { Attested, CertificateContent } from '../issuer/index.js';
import {
  extensionOids,
  readSubjectAltNames,
  sidExtension,
  subjectAltNameText,
  type CertificationRequest,
  type Extension,
} from '../x509/index.js';

/** What the gateway may add to a request, where somebody vouched for it: never what the device says. */
export type Addition = 'sid' | 'san';

/**
 * Extensions that were attested and are missing in the request. What the device wrote stays: two of one kind
 * would be a conflict that each CA settles its own way (RFC 5272 §6.5.2), so nothing is added beside it.
 */
export function addedExtensions(
  csr: CertificationRequest,
  content: CertificateContent,
  { sid, san = [] }: Attested,
  additions: readonly Addition[],
): Extension[] {
  const has = (oid: string) => csr.extensions.some((extension) => extension.oid === oid);
  const added: Extension[] = [];
  if (additions.includes('sid') && sid !== undefined && !has(extensionOids.msSid)) {
    added.push(sidExtension(sid));
  }
  const names = content.extensions.find(({ oid }) => oid === extensionOids.subjectAltName);
  if (additions.includes('san') && names && !has(extensionOids.subjectAltName)) {
    if (isAttested(names, san)) added.push(names);
  }
  return added;
}

/**
 * What the certificate shall hold by the word of somebody who attested it, but the CA would never hear of.
 * @returns a sentence for the device
 */
export function unheard(
  csr: CertificationRequest,
  content: CertificateContent,
  added: readonly Extension[],
): string | undefined {
  const told = [...csr.extensions, ...added];
  const isSan = ({ oid }: Extension) => oid === extensionOids.subjectAltName;
  if (!content.extensions.some(isSan) || told.some(isSan)) return undefined;
  return 'The request has no subjectAltName, and the CA cannot be told the one it is meant to have.';
}

/** Policy wrote the names; that each of them was vouched for is looked at here once more. */
function isAttested(names: Extension, attested: readonly string[]): boolean {
  const known = new Set(attested.map(folded));
  return readSubjectAltNames(names.value).every((name) =>
    known.has(folded(subjectAltNameText(name))),
  );
}

/** A challenge may be bound to `DNS: Host.Example`, and policy writes what it means. */
function folded(text: string): string {
  return text.replace(/\s+/g, '').toLowerCase();
}
