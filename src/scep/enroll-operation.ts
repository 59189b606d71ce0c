/** PKCSReq and RenewalReq (RFC 8894 §3.3.1): a CSR for a certificate. */
import { GatewayError } from '../errors/index.js';
import { certificateBundle, type EnvelopeRecipient, type OpenedEnvelope } from '../pkcs7/index.js';
import { verifyProofOfPossession, type CertificationRequest } from '../x509/index.js';
import { openRequest } from './opened-request.js';
import { answerOutcome } from './outcome.js';
import { replyRecipient } from './reply-recipient.js';
import {
  openEnvelope,
  unanswerable,
  type Answer,
  type Operation,
  type Services,
  type VerifiedRequest,
} from './request.js';

export const pkcsReq: Operation = (request, services) => enroll(request, 'any', services);

export const renewalReq: Operation = (request, services) => enroll(request, 'renewal', services);

async function enroll(
  request: VerifiedRequest,
  intent: 'any' | 'renewal',
  services: Services,
): Promise<Answer> {
  const { profile, transactionId, signer, client } = request;
  const { opened, csr } = await openRequest(() => openEnvelope(request, services));
  const recipient = await recipientOf(request, opened, csr, services);
  const outcome = await services.enrollment.enroll({
    profile: profile.name,
    transactionId,
    csr,
    signer,
    intent,
    client,
  });
  return answerOutcome(outcome, profile, async (certificates) =>
    services.codec.seal(certificateBundle(certificates), opened.cipher, [recipient]),
  );
}

/** Settled before enrollment: a certificate that cannot be delivered shall not be issued. */
async function recipientOf(
  request: VerifiedRequest,
  { keyTransport, cipher }: OpenedEnvelope,
  csr: CertificationRequest,
  services: Services,
): Promise<EnvelopeRecipient> {
  const { signer } = request;
  const recipient = replyRecipient(signer, keyTransport, cipher, csr.challengePassword);
  if (recipient?.kind === 'certificate') return recipient;
  // What follows tells that the decryption succeeded, so possession is proven first.
  if (!verifyProofOfPossession(csr)) throw notProven();
  if (recipient === undefined) {
    throw unanswerable(signer, 'Send a challengePassword with the request, or use an RSA key.');
  }
  if (!(await maySharePassword(request, csr, services))) {
    throw unanswerable(signer, 'Sign the message with the requested key, or use an RSA key.');
  }
  return recipient;
}

/**
 * A reply under a password is something to guess the password with. Whoever puts a stranger's captured
 * envelope into a message of his own shall not get one: the signer holds the requested key, or a
 * certificate of ours.
 */
async function maySharePassword(
  { signer, profile }: VerifiedRequest,
  csr: CertificationRequest,
  { enrollment }: Services,
): Promise<boolean> {
  if (signer.publicKey.id === csr.publicKey.id) return true;
  const known = await enrollment.findCertificate(profile.name, signer.issuer, signer.serial);
  return known?.der.equals(signer.der) ?? false;
}

function notProven(): GatewayError {
  return new GatewayError('csr.proof-of-possession', 'The request is not signed with its own key.');
}
