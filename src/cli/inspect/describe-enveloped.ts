import { isGatewayError } from '../../errors/index.js';
import { readBundle } from '../../pkcs7/pkijs/index.js';
import { parseCertificationRequest } from '../../x509/index.js';
import { describeBundle } from './describe-bundle.js';
import { describeRequest, judgeProofOfPossession } from './describe-request.js';
import type { InspectContext } from './inspect-context.js';
import { kindOf, walk } from './kind.js';
import { cipherNames } from './names.js';
import type { ReportDraft } from './report.js';

/** An EnvelopedData on its own: what stands inside a pkiMessage, without the signature round it. */
export async function describeEnveloped(
  bytes: Buffer,
  draft: ReportDraft,
  context: InspectContext,
): Promise<void> {
  const { codec, atHand, ownKeys, password } = context;
  draft.what = 'An envelope without a signature';
  const envelope = codec.readEnvelope(bytes);
  draft.fact('Cipher', cipherNames[envelope.cipher]);
  for (const recipient of envelope.describeRecipients()) draft.fact('Encrypted to', recipient);
  draft.note('A PKIOperation is signed; this is only the part inside.');
  try {
    const { content } = await codec.openEnvelope(envelope, {
      recipients: [...ownKeys, ...(atHand?.recipients ?? [])],
      ...(password !== undefined && { password }),
    });
    await describeOpened(content, draft, context);
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    draft.note('No key at hand opens it; --key gives another.');
  }
}

async function describeOpened(
  content: Buffer,
  draft: ReportDraft,
  context: InspectContext,
): Promise<void> {
  const kind = kindOf(walk(content));
  if (kind === 'request') {
    const csr = parseCertificationRequest(content);
    draft.section('CSR');
    describeRequest(csr, draft, context.atHand);
    judgeProofOfPossession(csr, draft);
  } else if (kind === 'signed') {
    await describeBundle(readBundle(content), draft, context, 'Certificate');
  } else draft.fact('Inside', `${content.length} octets`);
}
