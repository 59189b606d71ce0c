/** A CSR: what it asks for, and whether this gateway would grant it. */
import { parseBer } from '../../asn1/index.js';
import { decidePolicy } from '../../enrollment/index.js';
import { verifyProofOfPossession, type CertificationRequest } from '../../x509/index.js';
import type { AtHand } from './at-hand.js';
import { describeExtensions } from './describe-certificate.js';
import { signatureName, weakSignature } from './names.js';
import type { ReportDraft } from './report.js';

/** Without a profile the usual floor counts; a profile judges keys itself, see `judgePolicy`. */
export function describeRequest(
  csr: CertificationRequest,
  draft: ReportDraft,
  atHand: AtHand | undefined,
): void {
  const { subject, publicKey, challengePassword } = csr;
  const algorithm = parseBer(csr.signatureAlgorithm.raw).child(0).oid();
  draft.fact('Subject', subject.text || '(empty)');
  describeExtensions(csr, draft);
  draft.fact('Key', `${publicKey.description}, SHA-256 ${publicKey.id}`);
  draft.fact('Signature', signatureName(algorithm));
  draft.fact(
    'Challenge',
    challengePassword === undefined
      ? 'none'
      : `present, ${Array.from(challengePassword).length} characters`,
  );
  if (!atHand && publicKey.kind === 'rsa' && publicKey.bits < 2048) {
    draft.wrong(`The key, ${publicKey.description}, is too small; 2048 bits are the least.`);
  }
  if (weakSignature(algorithm) === 'MD5') draft.wrong('The CSR is signed with MD5.');
}

export function judgeProofOfPossession(csr: CertificationRequest, draft: ReportDraft): void {
  if (!verifyProofOfPossession(csr)) {
    draft.wrong('The CSR is not signed with its own key (proof of possession fails).');
  }
}

/** Policy of the profile: the sentence that the device would get, and what would be left out in silence. */
export function judgePolicy(
  csr: CertificationRequest,
  { profile, profileName }: AtHand,
  draft: ReportDraft,
): void {
  const decision = decidePolicy(csr, profile.policy);
  if (decision.kind === 'refused') {
    draft.wrong(
      `Profile ${profileName} would refuse it: ${decision.refusal.text}`,
      `Change the request, or profiles.${profileName}.policy in gateway.yaml.`,
    );
    return;
  }
  for (const note of decision.notes) draft.note(`Profile ${profileName} ${note}.`);
}
