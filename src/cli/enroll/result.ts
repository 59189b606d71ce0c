import type { ScepOutcome } from '../../scep/index.js';
import {
  extensionOids,
  orderChain,
  parseCertificationRequest,
  readSubjectAltNames,
  subjectAltNameText,
  type Certificate,
  type CertificationRequest,
} from '../../x509/index.js';
import { exitCodes } from '../exit-code.js';
import { failInfoMeaning } from '../fail-info.js';
import { writeWhole } from '../pem-file.js';
import { shortTime } from '../table.js';
import { note, print } from '../terminal.js';
import type { EnrollmentWork } from './enrollment-work.js';
import { forgetPending, pendingFileOf } from './pending-file.js';

type Issued = Extract<ScepOutcome, { kind: 'issued' }>;
type Refused = Extract<ScepOutcome, { kind: 'failed' }>;

/** Tells the outcome and keeps what is to be kept. @returns the exit code */
export async function conclude(outcome: ScepOutcome, work: EnrollmentWork): Promise<number> {
  switch (outcome.kind) {
    case 'issued':
      await deliver(outcome, work);
      await forgetPending(work.keyFile);
      return exitCodes.ok;
    case 'failed':
      tellRefusal(outcome, work);
      await forgetPending(work.keyFile);
      return exitCodes.refused;
    case 'pending':
      tellPending(work);
      return exitCodes.unavailable;
  }
}

async function deliver(
  { certificate, certificates, transactionId }: Issued,
  { connection, pending, keyFile, flags }: EnrollmentWork,
): Promise<void> {
  const { out, chain, json } = flags;
  const all = [...certificates, ...connection.session.authority.certificates];
  const above = orderChain(all, certificate).slice(1);
  if (chain !== undefined) await writeWhole(chain, above.map((each) => each.toPem()).join(''));
  if (out !== undefined) await writeWhole(out, certificate.toPem());
  const { serial, subject, issuer, notBefore, notAfter, thumbprints } = certificate;
  note(
    `issued: ${subject.text || '(empty subject)'}, serial ${serial}, until ${shortTime(notAfter)} UTC`,
  );
  const csr = parseCertificationRequest(Buffer.from(pending.csr, 'base64'));
  for (const text of differences(csr, certificate)) note(`note: ${text}`);
  if (json) {
    print(
      JSON.stringify(
        {
          outcome: 'issued',
          transactionId,
          subject: subject.text,
          san: namesOf(certificate),
          issuer: issuer.text,
          serial,
          notBefore,
          notAfter,
          thumbprints,
          key: keyFile,
          certificate: certificate.toPem(),
          chain: above.map((each) => each.toPem()),
        },
        null,
        2,
      ),
    );
  } else if (out === undefined) print(certificate.toPem().trimEnd());
}

function tellRefusal(
  { failInfo, failInfoText, transactionId }: Refused,
  work: EnrollmentWork,
): void {
  note(`refused: ${failInfo ?? 'without a failInfo'}${failInfoText ? `: ${failInfoText}` : ''}`);
  const meaning = failInfo && failInfoMeaning[failInfo];
  if (meaning) note(`  → ${meaning.means} ${meaning.mend}`);
  if (work.flags.json) {
    print(JSON.stringify({ outcome: 'refused', transactionId, failInfo, failInfoText }, null, 2));
  }
}

function tellPending({ keyFile, pending, flags }: EnrollmentWork): void {
  const { transactionId } = pending;
  note(`pending: transaction ${transactionId}, kept in ${pendingFileOf(keyFile)}`);
  note(`  → ask again with: scep-gateway enroll --poll --key ${keyFile}`);
  if (flags.json) {
    const file = pendingFileOf(keyFile);
    print(JSON.stringify({ outcome: 'pending', transactionId, pendingFile: file }, null, 2));
  }
}

/** What the CA made otherwise than it was asked. */
function differences(csr: CertificationRequest, certificate: Certificate): string[] {
  const had = namesOf(certificate);
  const missing = namesOf(csr).filter((name) => !had.includes(name));
  return [
    ...(csr.subject.matches(certificate.subject)
      ? []
      : [`the CA changed the subject from ${csr.subject.text}`]),
    ...(missing.length === 0 ? [] : [`the CA left out ${missing.join(', ')}`]),
  ];
}

function namesOf({ extensions }: Pick<Certificate | CertificationRequest, 'extensions'>): string[] {
  const extension = extensions.find(({ oid }) => oid === extensionOids.subjectAltName);
  try {
    return extension ? readSubjectAltNames(extension.value).map(subjectAltNameText) : [];
  } catch {
    return ['(unreadable)'];
  }
}
