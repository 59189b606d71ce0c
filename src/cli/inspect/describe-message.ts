/** A pkiMessage: what src/scep explains, what this gateway would make of it, and what to do next. */
import type { PkiMessageExplanation } from '../../scep/index.js';
import { explainPkiMessage } from '../../scep/explain/index.js';
import type { Pkcs7Codec } from '../../pkcs7/index.js';
import { shortTime } from '../table.js';
import { attributeOf } from './attribute.js';
import { judgeChallenge } from './challenge-state.js';
import { describeBundle } from './describe-bundle.js';
import { certificateLine } from './describe-certificate.js';
import { describeHistory } from './describe-history.js';
import { describeRequest, judgePolicy } from './describe-request.js';
import type { InspectContext } from './inspect-context.js';
import { judgeReply } from './judge-reply.js';
import { judgeRecipient, judgeRenewal } from './judge-request.js';
import { cipherNames, digestNames } from './names.js';
import { nextStep } from './next-step.js';
import type { ReportDraft } from './report.js';

export async function describeMessage(
  bytes: Buffer,
  draft: ReportDraft,
  context: InspectContext,
): Promise<void> {
  const { codec, atHand, ownKeys, password, certificates } = context;
  const isReply = await looksLikeReply(bytes, codec);
  const found = await explainPkiMessage(bytes, {
    codec,
    recipients: [...ownKeys, ...(isReply ? [] : (atHand?.recipients ?? []))],
    knownCertificates: certificates,
    ...(password !== undefined && { password }),
    ...(atHand && {
      rules: {
        floor: atHand.profile.algorithms,
        openToAnyone: atHand.profile.challenges.none === 'anyone-may-enroll',
      },
    }),
  });
  draft.what = found.what;
  for (const problem of found.problems) draft.wrong(problem, nextStep(problem));
  describeAttributes(found, draft);
  describeSignature(found, draft, context);
  describeEnvelope(found, draft, isReply, ownKeys.length > 0 || atHand !== undefined);
  if (atHand && !isReply) judgeRecipient(found, atHand, draft);
  await describeContent(found, draft, context);
  await describeBesides(found, draft, context);
  if (isReply) judgeReply(found, draft);
  if (atHand) await describeHistory(found, atHand, draft);
}

/** Requests are for the RA, replies for the device: the RA keys are not tried on those. */
async function looksLikeReply(bytes: Buffer, codec: Pkcs7Codec): Promise<boolean> {
  const { what } = await explainPkiMessage(bytes, { codec });
  return what.startsWith('CertRep');
}

function describeAttributes(found: PkiMessageExplanation, draft: ReportDraft): void {
  for (const { name, value } of found.attributes) {
    if (name !== 'contentType' && name !== 'messageDigest') draft.fact(name, value);
  }
  const transactionId = attributeOf(found, 'transactionID');
  if (transactionId !== undefined && !/^[A-Za-z0-9 '()+,\-./:=?]*$/.test(transactionId)) {
    draft.note(
      'The transactionID is no PrintableString (RFC 8894 §3.2.1.1); it is taken as it is.',
    );
  }
}

function describeSignature(
  { signature }: PkiMessageExplanation,
  draft: ReportDraft,
  { atHand }: InspectContext,
): void {
  if (!signature) return;
  const { digest, signer, verified } = signature;
  draft.section('Signature');
  draft.fact('Digest', digestNames[digest]);
  draft.fact('Verifies', verified === undefined ? 'not checked' : verified ? 'yes' : 'NO');
  if (!signer) return;
  const selfSigned = signer.subject.matches(signer.issuer);
  draft.fact('Signer', `${certificateLine(signer)}${selfSigned ? ', self-signed' : ''}`);
  if (!selfSigned) draft.fact('issued by', signer.issuer.text);
  if (digest === 'sha1' && atHand) draft.note('SHA-1 is weak; the profile still lets it in.');
  if (signer.notAfter < new Date()) {
    draft.note(
      `The certificate of the signer expired on ${shortTime(signer.notAfter)} UTC${selfSigned ? '; for a self-signed one that is let pass' : ''}.`,
    );
  }
  if (signer.serial.startsWith('-')) {
    draft.note(
      'The serial number of the signer is negative; that is let pass, but RFC 5280 forbids it.',
    );
  }
}

function describeEnvelope(
  { envelope }: PkiMessageExplanation,
  draft: ReportDraft,
  isReply: boolean,
  hasKeys: boolean,
): void {
  if (!envelope) return;
  const { cipher, recipients, opened } = envelope;
  draft.section('Envelope');
  draft.fact('Cipher', cipherNames[cipher]);
  for (const recipient of recipients) draft.fact('Encrypted to', recipient);
  draft.fact('Opened', opened ? 'yes' : 'no');
  if (opened || (hasKeys && !isReply)) return;
  draft.note(
    isReply
      ? 'Only the device can open it: give its key with --key, for an EC key the challenge with --challenge-password.'
      : 'What is inside was not looked at: that needs the RA key (a data directory, or --key).',
  );
}

async function describeContent(
  found: PkiMessageExplanation,
  draft: ReportDraft,
  context: InspectContext,
): Promise<void> {
  const { content, signature } = found;
  switch (content?.kind) {
    case 'request':
      draft.section('CSR');
      describeRequest(content.csr, draft, context.atHand);
      if (signature?.signer && signature.signer.publicKey.id !== content.csr.publicKey.id) {
        draft.note(
          'The signer has another key than the CSR; the reply is encrypted to the signer.',
        );
      }
      if (context.atHand) {
        const transactionId = attributeOf(found, 'transactionID');
        judgePolicy(content.csr, context.atHand, draft);
        if (!(await judgeRenewal(content.csr, signature?.signer, context.atHand, draft))) {
          await judgeChallenge(content.csr, transactionId, context.atHand, draft);
        }
      }
      return;
    case 'issuer-and-subject':
      draft.section('Asks for');
      draft.fact('Issuer', content.issuer.text);
      draft.fact('Subject', content.subject.text || '(empty)');
      return;
    case 'issuer-and-serial':
      draft.section('Asks for');
      draft.fact('Issuer', content.issuer.text);
      draft.fact('Serial', content.serial);
      return;
    case 'bundle':
      await describeBundle(content, draft, context, 'Certificate');
      return;
    case undefined:
      return;
  }
}

/** What stands outside the envelope: a bundle's content, or what a signed message carries along. */
async function describeBesides(
  found: PkiMessageExplanation,
  draft: ReportDraft,
  context: InspectContext,
): Promise<void> {
  if (!found.signature) {
    await describeBundle(found, draft, context, 'Certificate');
    return;
  }
  const others = found.certificates.filter((each) => each !== found.signature?.signer);
  if (others.length === 0) return;
  draft.section('Carried along');
  for (const certificate of others) draft.fact('', certificateLine(certificate));
}
