/** CertPoll (RFC 8894 §3.3.3): what became of a transaction. */
import { certificateBundle } from '../pkcs7/index.js';
import { answerOutcome } from './outcome.js';
import { replyRecipient } from './reply-recipient.js';
import { unanswerable, type Operation } from './request.js';

/**
 * The transaction is found by transactionID and signer key alone. The IssuerAndSubject inside is
 * advisory (sscep names the RA as issuer), so the envelope stays closed: what is not decrypted can tell
 * nobody whether it would have been. Its cipher and key transport are mirrored all the same.
 */
export const certPoll: Operation = async (request, { codec, enrollment }) => {
  const { profile, transactionId, signer, client, envelope } = request;
  const outcome = await enrollment.poll({ profile: profile.name, transactionId, signer, client });
  return answerOutcome(outcome, profile, async (certificates) => {
    const password = outcome.kind === 'issued' ? outcome.challengePassword : undefined;
    const [keyTransport] = envelope.keyTransports;
    const recipient = replyRecipient(signer, keyTransport, envelope.cipher, password);
    if (recipient === undefined) {
      throw unanswerable(
        signer,
        'The certificate is ready: send the first request again, with its challengePassword.',
      );
    }
    return codec.seal(certificateBundle(certificates), envelope.cipher, [recipient]);
  });
};
