import type { CertificateContent } from '../issuer/index.js';
import {
  extensionOids,
  readSubjectAltNames,
  subjectAltNameText,
  type CertificationRequest,
  type Extension,
} from '../x509/index.js';

/**
 * AD CS gets the CSR as the device signed it, so nothing can be left out of it: whatever a request asks
 * for beyond what policy granted is refused. That is any subjectAltName, and the extensions with which a
 * requester would choose an account (SID, KB5014754) or a use (application policies, ESC15) for itself.
 * Key usages are the template's.
 *
 * @returns a sentence for the device, undefined where all was granted
 */
export function beyondGranted(
  csr: CertificationRequest,
  content: CertificateContent,
): string | undefined {
  const granted = new Set(namesOf(content.extensions) ?? []);
  const requested = namesOf(csr.extensions);
  if (requested === undefined) return 'The subjectAltName of the request cannot be read.';
  const extra = requested.find((name) => !granted.has(name));
  if (extra !== undefined) {
    return `The request asks for ${isSid(extra) ? 'a Windows SID in the subjectAltName' : 'a subjectAltName'} that this profile does not grant, and the CA would copy it.`;
  }
  for (const { oid, value } of csr.extensions) {
    const what = decisive.get(oid);
    if (what === undefined) continue;
    const same = content.extensions.some((one) => one.oid === oid && one.value.equals(value));
    if (!same) {
      return `The request asks for ${what} (${oid}), which this profile does not grant, and the CA would copy it.`;
    }
  }
  return undefined;
}

const decisive: ReadonlyMap<string, string> = new Map([
  [extensionOids.msSid, 'a Windows SID'],
  [extensionOids.msApplicationPolicies, 'application policies'],
  [extensionOids.certificatePolicies, 'certificate policies'],
]);

/** Each name as its bytes, so that no two spellings are taken for one. */
function namesOf(extensions: readonly Extension[]): string[] | undefined {
  try {
    return extensions
      .filter(({ oid }) => oid === extensionOids.subjectAltName)
      .flatMap(({ value }) => readSubjectAltNames(value))
      .map((name) => `${name.raw.toString('hex')} ${subjectAltNameText(name)}`);
  } catch {
    return undefined;
  }
}

function isSid(name: string): boolean {
  return /tag:microsoft\.com,2022-09-14:sid:/i.test(name);
}
