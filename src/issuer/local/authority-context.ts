import type { Certificate } from '../../x509/index.js';
import type { CertificateMint } from './certificate-mint.js';
import { ownCertificateRecord } from './certificate-record.js';
import type { KeyRing } from './key-ring.js';
import type { AuthorityRecords, LocalAuthoritySettings } from './local-authority.types.js';

/** What making CAs and RA certificates needs. */
export interface AuthorityContext {
  readonly name: string;
  readonly settings: LocalAuthoritySettings;
  readonly caIsRecipient: boolean;
  readonly records: AuthorityRecords;
  readonly ring: KeyRing;
  readonly mint: CertificateMint;
  readonly clock: () => Date;
}

/** Puts a CA or RA certificate on record, once, before it can leave. */
export async function recordCertificate(
  { records, name, clock }: AuthorityContext,
  certificate: Certificate,
): Promise<void> {
  if (await records.certificate(certificate.thumbprints.sha256)) return;
  await records.addCertificate(ownCertificateRecord(certificate, name, clock()));
}
