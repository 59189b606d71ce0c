/** What a CA that gets the device's own CSR cannot be made to leave out. */
import type { IssuanceRequest } from '../issuer/index.js';
import {
  extensionOids,
  readSubjectAltNames,
  subjectAltNameText,
  type Extension,
} from '../x509/index.js';

/**
 * Nobody but the device can change its CSR, so what policy took out of the certificate stands in what
 * upstream reads. Undefined when all of that is let in, or is what the template decides anyway.
 */
export function unforwardable({ csr, content }: IssuanceRequest): string | undefined {
  if (!content.subject.equals(csr.subject.der)) return 'a subject that this profile rewrites';
  const stripped = csr.extensions.find(
    (asked) =>
      !decidedByTemplate.has(asked.oid) &&
      !content.extensions.some((granted) => isGranted(asked, granted)),
  );
  if (stripped === undefined) return undefined;
  return stripped.oid === extensionOids.subjectAltName
    ? 'a subjectAltName that this profile changes'
    : `the extension ${stripped.oid}, which this profile strips`;
}

/** Policy writes names anew, so they are compared and not their encoding. */
function isGranted(asked: Extension, granted: Extension): boolean {
  if (asked.oid !== granted.oid) return false;
  if (asked.oid !== extensionOids.subjectAltName) return asked.value.equals(granted.value);
  return sanText(asked) === sanText(granted);
}

function sanText({ value }: Extension): string {
  return JSON.stringify(readSubjectAltNames(value).map(subjectAltNameText).sort());
}

/** AD CS takes these from the template that NDES names, whatever the request says. */
const decidedByTemplate: ReadonlySet<string> = new Set([
  extensionOids.keyUsage,
  extensionOids.extendedKeyUsage,
  extensionOids.subjectKeyIdentifier,
  // Policy refuses one that says CA.
  extensionOids.basicConstraints,
  // Certificate template name and information, application policies, S/MIME capabilities.
  '1.3.6.1.4.1.311.20.2',
  '1.3.6.1.4.1.311.21.7',
  '1.3.6.1.4.1.311.21.10',
  '1.2.840.113549.1.9.15',
]);
