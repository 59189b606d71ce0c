/**
 * CMS: SignedData, EnvelopedData, key transport, degenerate bundles. The only place that touches CMS ASN.1. What
 * pkijs does has a door of its own.
 */
export {
  ciphers,
  cmsOids,
  digests,
  type ContentCipher,
  type DigestAlgorithm,
} from './algorithms.js';
export {
  canDecrypt,
  type Envelope,
  type EnvelopeRecipient,
  type KeyTransport,
  type MessageSigner,
  type OpenedEnvelope,
  type Pkcs7Codec,
  type RecipientKey,
  type RsaKeyTransport,
  type SignedMessage,
} from './codec.js';
export { createFastCodec } from './fast-codec.js';
export { certificateBundle, crlBundle } from './bundle.js';
export { coSignedCmc, coSignedRequest, type CoSigner } from './co-signed-request.js';
