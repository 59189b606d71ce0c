import {
  extendedKeyUsage,
  extensionOids,
  keyUsage,
  readBasicConstraints,
  readExtendedKeyUsage,
  readKeyUsage,
  type CertificationRequest,
  type Extension,
  type KeyUsage,
} from '../x509/index.js';
import { PolicyRefusal } from './policy-refusal.js';
import type { CsrPolicy } from './policy-types.js';

/** keyUsage, extendedKeyUsage and the extensions copied as they are; subjectAltName is decided elsewhere. */
export function decideExtensions(
  csr: CertificationRequest,
  policy: CsrPolicy,
  notes: string[],
): Extension[] {
  refuseDuplicates(csr.extensions);
  refuseCa(csr.extensions);
  return [
    ...decideKeyUsage(csr, policy, notes),
    ...decideExtendedKeyUsage(csr, policy, notes),
    ...csr.extensions.filter((extension) => isCopied(extension, policy, notes)),
  ];
}

function decideKeyUsage(
  csr: CertificationRequest,
  policy: CsrPolicy,
  notes: string[],
): Extension[] {
  const extension = find(csr, extensionOids.keyUsage);
  const possible = policy.keyUsage.filter(
    (usage) => csr.publicKey.kind === 'rsa' || !rsaOnly.has(usage),
  );
  const requested = extension ? readOrRefuse(() => readKeyUsage(extension), 'keyUsage') : [];
  return granted(requested, possible, 'keyUsage', policy, notes, keyUsage);
}

/** Key transport is RSA's; an EC key has no use for these bits (RFC 8813 §3). */
const rsaOnly: ReadonlySet<KeyUsage> = new Set(['keyEncipherment', 'dataEncipherment']);

function decideExtendedKeyUsage(
  csr: CertificationRequest,
  policy: CsrPolicy,
  notes: string[],
): Extension[] {
  const extension = find(csr, extensionOids.extendedKeyUsage);
  const requested = extension
    ? readOrRefuse(() => readExtendedKeyUsage(extension), 'extendedKeyUsage')
    : [];
  return granted(
    requested,
    policy.extendedKeyUsage,
    'extendedKeyUsage',
    policy,
    notes,
    extendedKeyUsage,
  );
}

/**
 * Who asks for nothing, with an empty extension or with none, gets what the profile allows: a
 * certificate without the extension would be good for everything.
 */
function granted<T extends string>(
  requested: readonly T[],
  allowed: readonly T[],
  what: string,
  policy: CsrPolicy,
  notes: string[],
  write: (values: readonly T[]) => Extension,
): Extension[] {
  if (requested.length === 0) return allowed.length === 0 ? [] : [write(allowed)];
  const values = requested.filter((value) => allowed.includes(value));
  const extra = requested.filter((value) => !allowed.includes(value));
  if (values.length === 0 || (extra.length > 0 && policy.unlisted === 'refuse')) {
    throw new PolicyRefusal(
      'policy.usage',
      `The request asks for ${what} ${extra.join(', ')}; this profile allows ${allowed.join(', ') || 'none'}.`,
    );
  }
  if (extra.length > 0) notes.push(`left out ${what} ${extra.join(', ')}`);
  return [write(values)];
}

function isCopied(extension: Extension, policy: CsrPolicy, notes: string[]): boolean {
  if (decidedElsewhere.has(extension.oid)) return false;
  if (policy.extensions.includes(extension.oid)) return true;
  if (policy.unlisted === 'refuse') {
    throw new PolicyRefusal(
      'policy.extension',
      `The request asks for the extension ${describe(extension.oid)}, which this profile does not allow.`,
    );
  }
  notes.push(`left out extension ${describe(extension.oid)}`);
  return false;
}

/** Written by the policy or by the issuer; a copy from the request would stand twice or lie. */
const decidedElsewhere: ReadonlySet<string> = new Set([
  extensionOids.keyUsage,
  extensionOids.extendedKeyUsage,
  extensionOids.subjectAltName,
  extensionOids.basicConstraints,
  extensionOids.subjectKeyIdentifier,
  extensionOids.authorityKeyIdentifier,
  extensionOids.cdp,
  extensionOids.authorityInfoAccess,
]);

const known: ReadonlyMap<string, string> = new Map([
  [extensionOids.msSid, 'SID (1.3.6.1.4.1.311.25.2)'],
  [extensionOids.msApplicationPolicies, 'application policies (1.3.6.1.4.1.311.21.10)'],
  [extensionOids.msTemplate, 'certificate template (1.3.6.1.4.1.311.21.7)'],
  [extensionOids.msTemplateName, 'template name (1.3.6.1.4.1.311.20.2)'],
]);

function describe(oid: string): string {
  return known.get(oid) ?? oid;
}

function refuseDuplicates(extensions: readonly Extension[]): void {
  const seen = new Set<string>();
  for (const { oid } of extensions) {
    if (seen.has(oid)) {
      throw new PolicyRefusal(
        'policy.extension',
        `The request carries the extension ${describe(oid)} twice.`,
      );
    }
    seen.add(oid);
  }
}

function refuseCa(extensions: readonly Extension[]): void {
  const extension = extensions.find(({ oid }) => oid === extensionOids.basicConstraints);
  if (extension && readOrRefuse(() => readBasicConstraints(extension), 'basicConstraints').ca) {
    throw new PolicyRefusal(
      'policy.extension',
      'The request asks for a CA certificate; this gateway issues none.',
    );
  }
}

function find(csr: CertificationRequest, oid: string): Extension | undefined {
  return csr.extensions.find((extension) => extension.oid === oid);
}

function readOrRefuse<T>(read: () => T, what: string): T {
  try {
    return read();
  } catch {
    throw new PolicyRefusal('policy.extension', `The ${what} of the request cannot be read.`);
  }
}
