import type { Certificate } from '../../x509/index.js';
import { describeCertificate } from './describe-certificate.js';
import { describeCrl } from './describe-crl.js';
import type { InspectContext } from './inspect-context.js';
import type { ReportDraft } from './report.js';

/** Certificates and CRLs that nobody signed for, or that came in an envelope. */
export async function describeBundle(
  {
    certificates,
    crls,
  }: { readonly certificates: readonly Certificate[]; readonly crls: readonly Buffer[] },
  draft: ReportDraft,
  context: InspectContext,
  title: string,
): Promise<void> {
  const issuers = [...certificates, ...context.certificates];
  for (const [index, certificate] of certificates.entries()) {
    draft.section(certificates.length === 1 ? title : `${title} ${index + 1}`);
    await describeCertificate(certificate, draft, { atHand: context.atHand, issuers });
  }
  for (const crl of crls) {
    draft.section('CRL');
    describeCrl(crl, draft, issuers);
  }
}
