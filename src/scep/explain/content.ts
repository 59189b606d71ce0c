/** What stands in the envelope of each message type, and what is wrong with it. */
import { parseBer } from '../../asn1/index.js';
import { isGatewayError } from '../../errors/index.js';
import { canDecrypt } from '../../pkcs7/index.js';
import { readBundle } from '../../pkcs7/pkijs/index.js';
import {
  Name,
  parseCertificationRequest,
  serialFromBytes,
  verifyProofOfPossession,
  type Certificate,
  type CertificationRequest,
} from '../../x509/index.js';
import type { ExplainedContent } from './explain.types.js';
import type { MessageType } from '../message-type.js';

/** Undefined when the content is not what the message type asks for. */
export function explainContent(
  type: MessageType,
  content: Buffer,
  problems: string[],
): ExplainedContent | undefined {
  try {
    return readContent(type, content);
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    const expected = expectedContent[type.kind] ?? 'what is expected';
    problems.push(`The decrypted content is not ${expected}: ${error.detail ?? error.message}`);
    return undefined;
  }
}

export function requestProblems(
  type: MessageType,
  csr: CertificationRequest,
  signer: Certificate | undefined,
  openToAnyone: boolean,
): string[] {
  const problems: string[] = [];
  if (!verifyProofOfPossession(csr)) {
    problems.push('The CSR is not signed with its own key (proof of possession fails).');
  }
  const selfSigned = signer?.subject.matches(signer.issuer) ?? false;
  const unasked = openToAnyone || csr.challengePassword !== undefined;
  if (type.kind === 'PKCSReq' && selfSigned && !unasked) {
    problems.push('There is no challengePassword, and the signer is self-signed: not authorized.');
  }
  if (type.kind === 'RenewalReq' && selfSigned) {
    problems.push(
      'A RenewalReq is signed with the certificate to renew; this signer is self-signed.',
    );
  }
  if (signer && !canDecrypt(signer.publicKey) && csr.challengePassword === undefined) {
    problems.push(
      `The signer's key (${signer.publicKey.description}) cannot decrypt a reply, and there is no ` +
        'challengePassword to encrypt it with.',
    );
  }
  return problems;
}

const expectedContent: Partial<Record<MessageType['kind'], string>> = {
  PKCSReq: 'a CSR',
  RenewalReq: 'a CSR',
  CertPoll: 'an IssuerAndSubject',
  GetCert: 'an IssuerAndSerialNumber',
  GetCRL: 'an IssuerAndSerialNumber',
  CertRep: 'a bundle of certificates or CRLs',
};

function readContent(type: MessageType, content: Buffer): ExplainedContent | undefined {
  switch (type.kind) {
    case 'PKCSReq':
    case 'RenewalReq':
      return { kind: 'request', csr: parseCertificationRequest(content) };
    case 'CertPoll': {
      const node = parseBer(content);
      return {
        kind: 'issuer-and-subject',
        issuer: Name.fromNode(node.child(0)),
        subject: Name.fromNode(node.child(1)),
      };
    }
    case 'GetCert':
    case 'GetCRL': {
      const node = parseBer(content);
      return {
        kind: 'issuer-and-serial',
        issuer: Name.fromNode(node.child(0)),
        serial: serialFromBytes(node.child(1).integerBytes()),
      };
    }
    case 'CertRep':
      return { kind: 'bundle', ...readBundle(content) };
    case 'UpdateReq':
    case 'unknown':
      return undefined;
  }
}
