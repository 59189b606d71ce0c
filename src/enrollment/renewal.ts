import type { CertificateRecord, EnrollmentStore } from '../store/index.js';
import {
  Certificate,
  extensionOids,
  readSubjectAltNames,
  subjectAltNameText,
  type CertificationRequest,
} from '../x509/index.js';
import { PolicyRefusal } from './policy-refusal.js';
import { requestedSanTexts } from './policy-san.js';
import type { RenewalPolicy } from './policy-types.js';

/**
 * The record of the certificate that signed the request, if this profile issued it. Our own records
 * decide, not a chain: a certificate of another profile must not renew itself into this one.
 */
export async function findRenewed(
  signer: Certificate,
  profile: string,
  store: EnrollmentStore,
): Promise<CertificateRecord | undefined> {
  if (signer.issuer.der.equals(signer.subject.der)) return undefined;
  const record = await store.certificate(signer.thumbprints.sha256);
  return record?.profile === profile ? record : undefined;
}

/** Why the old certificate may not be renewed with this request; undefined when it may. */
export function renewalRefusal(
  old: CertificateRecord,
  csr: CertificationRequest,
  policy: RenewalPolicy,
  now: Date,
): string | undefined {
  if (!policy.allow)
    return 'This profile does not renew certificates; enroll with a new challenge.';
  if (old.revokedAt) return revokedSigner;
  if (now.getTime() > old.notAfter.getTime() + days(policy.graceDays)) {
    return `The certificate that signed the request expired on ${day(old.notAfter)}; enroll with a new challenge.`;
  }
  const opens = new Date(old.notAfter.getTime() - days(policy.windowDays));
  if (policy.windowDays > 0 && now < opens) {
    return `It is too early: the certificate can be renewed from ${day(opens)} on.`;
  }
  if (!policy.sameKey && csr.publicKey.id === old.keyId)
    return 'This profile wants a new key for a renewal.';
  return identityChange(Certificate.fromDer(old.der), csr);
}

export const revokedSigner =
  'The certificate that signed the request is revoked; enroll with a new challenge.';

function identityChange(old: Certificate, csr: CertificationRequest): string | undefined {
  if (!old.subject.matches(csr.subject)) {
    return `A renewal keeps its subject: the certificate says ${old.subject.text}, the request ${csr.subject.text}.`;
  }
  const extension = old.extension(extensionOids.subjectAltName);
  const had = new Set(
    extension ? readSubjectAltNames(extension.value).map(subjectAltNameText) : [],
  );
  try {
    const added = requestedSanTexts(csr).filter((text) => !had.has(text));
    return added.length > 0
      ? `A renewal cannot add names: ${added.join(', ')} is not in the certificate.`
      : undefined;
  } catch (error) {
    if (error instanceof PolicyRefusal) return error.text;
    throw error;
  }
}

function days(count: number): number {
  return count * 86_400_000;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
