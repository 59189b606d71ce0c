/** What this gateway would make of a request, beyond what stands in the message itself. */
import { findRenewed, renewalRefusal } from '../../enrollment/index.js';
import type { PkiMessageExplanation } from '../../scep/index.js';
import type { Certificate, CertificationRequest } from '../../x509/index.js';
import type { AtHand } from './at-hand.js';
import type { ReportDraft } from './report.js';

/** Whom a request was encrypted to, when that is a certificate of ours that opens nothing. */
export function judgeRecipient(
  { envelope }: PkiMessageExplanation,
  { certificates, authority, profileName }: AtHand,
  draft: ReportDraft,
): void {
  if (!envelope || envelope.opened) return;
  const named = certificates.find(({ issuer, serial }) =>
    envelope.recipients.some((text) => text.startsWith(`${issuer.text} serial ${serial} `)),
  );
  if (!named) {
    draft.wrong(
      `The recipient is no certificate of profile ${profileName}: the device holds the RA certificate of another server, or an old one.`,
      'Let it fetch the CA certificates again (GetCACert); behind a load balancer all servers need the same RA.',
    );
  } else if (authority.knownCas.includes(named)) {
    draft.wrong(
      'It is encrypted to the CA certificate, and this profile opens requests with the RA keys.',
      `Let the device encrypt to the RA certificate, or set profiles.${profileName}.caCertShape to ca-only.`,
    );
  } else {
    draft.wrong(
      `It is encrypted to ${named.subject.text}, serial ${named.serial}, of another issuer here.`,
      'Use the URL of that profile, or name it with --profile.',
    );
  }
}

/** True when the signer is a certificate that may be renewed: then no challenge is needed. */
export async function judgeRenewal(
  csr: CertificationRequest,
  signer: Certificate | undefined,
  { data, profile, profileName }: AtHand,
  draft: ReportDraft,
): Promise<boolean> {
  if (signer === undefined || signer.subject.matches(signer.issuer)) return false;
  const old = await findRenewed(signer, profileName, data.enrollments);
  if (!old) {
    if (csr.challengePassword === undefined) {
      draft.wrong(
        `The certificate of the signer was not issued by profile ${profileName}, so it renews nothing, and there is no challenge.`,
        'Enroll with a challenge.',
      );
    }
    return false;
  }
  const refusal = renewalRefusal(old, csr, profile.renewal, new Date());
  if (refusal !== undefined && csr.challengePassword === undefined) draft.wrong(refusal);
  else if (refusal !== undefined) draft.note(`As a renewal it would be refused: ${refusal}`);
  else draft.note(`It renews the certificate ${old.serial} of profile ${profileName}.`);
  return refusal === undefined;
}
