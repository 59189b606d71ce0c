/** GetCert and GetCRL (RFC 8894 §3.3.4, §3.3.5): what the CA has, for an IssuerAndSerialNumber. */
import { GatewayError } from '../errors/index.js';
import { certificateBundle, crlBundle } from '../pkcs7/index.js';
import { parseIssuerAndSerial, type IssuerAndSerial } from './issuer-and-serial.js';
import { replyRecipient } from './reply-recipient.js';
import {
  openEnvelope,
  unanswerable,
  type Answer,
  type Operation,
  type Services,
  type VerifiedRequest,
} from './request.js';

export const getCert: Operation = (request, services) =>
  query(request, services, async ({ issuer, serial }) => {
    const { enrollment } = services;
    const found = await enrollment.findCertificate(request.profile.name, issuer, serial);
    if (found === undefined) throw unknown('No certificate with this issuer and serial is known.');
    return certificateBundle([found]);
  });

/** The serial says whose CRL is meant where a CA has several; ours have one. */
export const getCrl: Operation = (request, services) =>
  query(request, services, async ({ issuer }) => {
    const crl = await services.enrollment.currentCrl(request.profile.name, issuer);
    if (crl === undefined) throw unknown('No CRL of this issuer is known.');
    return crlBundle([crl]);
  });

/** Whether an answer can be encrypted is settled before the envelope is opened, so it tells nothing of what is inside. */
async function query(
  request: VerifiedRequest,
  services: Services,
  answer: (about: IssuerAndSerial) => Promise<Buffer>,
): Promise<Answer> {
  const { signer, profile, envelope } = request;
  const [keyTransport] = envelope.keyTransports;
  const recipient = replyRecipient(signer, keyTransport, envelope.cipher, undefined);
  if (recipient === undefined) throw unanswerable(signer, 'Sign the query with an RSA key.');
  const opened = await openEnvelope(request, services);
  const known = profile.chain().map(({ subject }) => subject);
  const bundle = await answer(parseIssuerAndSerial(opened.content, known));
  return {
    kind: 'success',
    content: await services.codec.seal(bundle, opened.cipher, [recipient]),
  };
}

function unknown(message: string): GatewayError {
  return new GatewayError('scep.unknown-certificate', message);
}
