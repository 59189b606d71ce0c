import type { BerNode } from '../../asn1/index.js';
import { isGatewayError } from '../../errors/index.js';
import { Certificate, parseCertificationRequest } from '../../x509/index.js';
import { judgeChallenge } from './challenge-state.js';
import { describeCertificate } from './describe-certificate.js';
import { describeCrl } from './describe-crl.js';
import { describeEnveloped } from './describe-enveloped.js';
import { describeMessage } from './describe-message.js';
import { describeRequest, judgePolicy, judgeProofOfPossession } from './describe-request.js';
import { announcedLength, berForms } from './encoding.js';
import type { InspectContext } from './inspect-context.js';
import type { InspectedObject } from './input.js';
import { kindOf, walk } from './kind.js';
import { ReportDraft, type Report } from './report.js';

/** Never throws for what the bytes hold. */
export async function describeObject(
  object: InspectedObject,
  context: InspectContext,
): Promise<Report> {
  const draft = new ReportDraft();
  const bytes = wholeObject(object.bytes, draft);
  try {
    await describe(bytes, object.label, draft, context);
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    draft.wrong([error.message, error.detail].filter(Boolean).join(' Found: '));
  }
  return draft.finish();
}

async function describe(
  bytes: Buffer,
  label: string | undefined,
  draft: ReportDraft,
  context: InspectContext,
): Promise<void> {
  if (label?.endsWith('PRIVATE KEY')) {
    describePrivateKey(draft);
    return;
  }
  draft.what = label === undefined ? 'Damaged ASN.1' : `A damaged ${label}`;
  const node = walk(bytes);
  noteEncoding(node, draft);
  switch (kindOf(node)) {
    case 'signed':
      return describeMessage(bytes, draft, context);
    case 'enveloped':
      return describeEnveloped(bytes, draft, context);
    case 'certificate':
      draft.what = 'A certificate';
      return describeCertificate(Certificate.fromDer(bytes), draft, {
        atHand: context.atHand,
        issuers: context.certificates,
      });
    case 'request':
      return describeLoneRequest(bytes, draft, context);
    case 'crl':
      draft.what = 'A CRL';
      describeCrl(bytes, draft, context.certificates);
      return;
    case 'private-key':
      describePrivateKey(draft);
      return;
    case undefined:
      draft.what = 'ASN.1, but nothing of SCEP';
      draft.known = false;
  }
}

/** The length says where an object ends; what was copied may have less or more. */
function wholeObject(bytes: Buffer, draft: ReportDraft): Buffer {
  const announced = announcedLength(bytes);
  if (announced === undefined || announced === bytes.length) return bytes;
  if (announced > bytes.length) {
    draft.wrong(
      `It is cut off: it announces ${announced} octets, and ${bytes.length} are here.`,
      'Capture it whole: logs and terminals cut long lines, and text tools change binary files.',
    );
    return bytes;
  }
  const rest = bytes.subarray(announced).toString('latin1');
  if (/^\s*$/.test(rest)) draft.note('Blanks or line ends follow it.');
  else draft.wrong(`${rest.length} octets follow that do not belong to it.`);
  return bytes.subarray(0, announced);
}

function noteEncoding(node: BerNode, draft: ReportDraft): void {
  const forms = berForms(node);
  if (forms !== undefined) {
    draft.note(`It is BER, not DER: ${forms}. This gateway reads that; others may not.`);
  }
}

async function describeLoneRequest(
  bytes: Buffer,
  draft: ReportDraft,
  { atHand }: InspectContext,
): Promise<void> {
  const csr = parseCertificationRequest(bytes);
  draft.what = 'A CSR';
  describeRequest(csr, draft, atHand);
  judgeProofOfPossession(csr, draft);
  const open = atHand?.profile.challenges.none !== undefined;
  if (csr.challengePassword === undefined && !open) {
    draft.note('It has no challenge: good for a renewal, not for a first enrollment.');
  }
  if (!atHand) return;
  judgePolicy(csr, atHand, draft);
  await judgeChallenge(csr, undefined, atHand, draft);
}

function describePrivateKey(draft: ReportDraft): void {
  draft.what = 'A private key';
  draft.known = false;
  draft.wrong(
    'A private key is no message, and should not be pasted anywhere.',
    'If others have seen it, make a new key and revoke the certificate of this one.',
  );
}
