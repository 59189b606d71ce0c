/**
 * A device signs its CSR, and AD CS reads more in it than subject and key: a template, and name-value
 * pairs that stand for request attributes (MS-WCCE §2.2.2.7.10). The gateway cannot take them out, so
 * what would overrule it is refused.
 */
import { decodeText, parseBer } from '../asn1/index.js';
import { csrAttributeOids, extensionOids, type CertificationRequest } from '../x509/index.js';

/**
 * Why this CSR must not go to the CA under this template; undefined when it may.
 * @returns a sentence for the device
 */
export function claimThatOverrules(
  csr: CertificationRequest,
  template: string,
): string | undefined {
  if (csr.extensions.some(({ oid }) => oid === extensionOids.msTemplate)) {
    return templateRefusal('by its OID');
  }
  for (const { oid, value } of csr.extensions) {
    if (oid !== extensionOids.msTemplateName) continue;
    const named = readOrUndefined(() => decodeText(parseBer(value)));
    if (named === undefined || !isSame(named, template)) return templateRefusal(quoted(named));
  }
  for (const pair of nameValuePairs(csr)) {
    if (pair === undefined) return 'The request holds a name-value pair that cannot be read.';
    const name = pair.name.toLowerCase();
    if (name === 'certificatetemplate' && isSame(pair.value, template)) continue;
    if (name === 'certificatetemplate') return templateRefusal(quoted(pair.value));
    if (!harmlessNames.has(name)) {
      return `The request carries the attribute ${quoted(pair.name)} for the CA, which this gateway does not pass on.`;
    }
  }
  return undefined;
}

/** What Windows clients put in that decides nothing but a shorter life, or names the machine. */
const harmlessNames: ReadonlySet<string> = new Set([
  'validityperiod',
  'validityperiodunits',
  'expirationdate',
  'certificateusage',
  'rmd',
  'cdc',
  'ccm',
]);

function templateRefusal(which: string): string {
  return `The request names a certificate template (${which}); the gateway chooses it. Remove it from the SCEP settings of the device.`;
}

interface NameValuePair {
  readonly name: string;
  readonly value: string;
}

/** Undefined for each that cannot be read. */
function nameValuePairs({ attributes }: CertificationRequest): (NameValuePair | undefined)[] {
  return attributes
    .filter(({ oid }) => oid === csrAttributeOids.msEnrollmentNameValuePair)
    .flatMap(({ values }) =>
      values.map((value) =>
        readOrUndefined(() => {
          const [name, text] = [decodeText(value.child(0)), decodeText(value.child(1))];
          return name === undefined || text === undefined
            ? undefined
            : { name: trimmed(name), value: trimmed(text) };
        }),
      ),
    );
}

/** Windows writes a final NUL into BMPStrings now and then. */
function trimmed(text: string): string {
  return text.replace(/\0+$/, '').trim();
}

function isSame(named: string, template: string): boolean {
  return trimmed(named).toLowerCase() === template.toLowerCase();
}

function quoted(text = 'unreadable'): string {
  return JSON.stringify(text.replace(/\p{C}/gu, '').slice(0, 64));
}

function readOrUndefined<T>(read: () => T | undefined): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
