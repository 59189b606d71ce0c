/** CertRep (RFC 8894 §3.3.2): one answer, signed by the RA. */
import { der } from '../asn1/index.js';
import type { DigestAlgorithm, Pkcs7Codec } from '../pkcs7/index.js';
import type { TextAttribute } from './attribute.js';
import { failInfoToWire, type Failure } from './failure.js';
import { messageTypeToWire } from './message-type.js';
import { scepOids } from './oids.js';
import type { ScepProfile } from './scep-server.types.js';

export type Reply =
  /** `content`: the EnvelopedData with the degenerate bundle. */
  | { readonly kind: 'success'; readonly content: Buffer }
  | { readonly kind: 'pending' }
  | { readonly kind: 'failure'; readonly failure: Failure };

export interface ReplyAddress {
  readonly transactionId: TextAttribute;
  readonly senderNonce: Buffer | undefined;
  readonly digest: DigestAlgorithm;
  /** False when absent. It says so itself, and so gets the CA's HRESULT where there is one: nothing else depends on it. */
  readonly isWindows?: boolean;
}

export interface ReplySigning {
  readonly codec: Pkcs7Codec;
  readonly profile: Pick<ScepProfile, 'failureContent' | 'microsoftAttributes' | 'includeSigner'>;
  readonly signer: ReturnType<ScepProfile['registrationAuthority']>['signing'];
  readonly randomBytes: (size: number) => Buffer;
}

/** DER of the signed CertRep. */
export function signReply(
  reply: Reply,
  address: ReplyAddress,
  { codec, profile, signer, randomBytes }: ReplySigning,
): Promise<Buffer> {
  return codec.sign({
    content: contentOf(reply, profile.failureContent),
    digest: address.digest,
    attributes: [
      ...addressAttributes(address, randomBytes),
      ...statusAttributes(reply),
      ...(profile.microsoftAttributes ? microsoftAttributes(reply) : hresultFor(address, reply)),
    ],
    signer,
    certificates: profile.includeSigner ? [signer.certificate] : [],
  });
}

const pkiStatus = { success: '0', failure: '2', pending: '3' } as const;

type Attribute = { readonly oid: string; readonly value: Buffer };

/**
 * RFC 8894 §3.3.2.2 wants no envelope there; whether the OCTET STRING round it stays is left open. Without
 * it certmonger says "no content" (OpenSSL takes the signature for a detached one), and so fails PyScep.
 */
function contentOf(
  reply: Reply,
  failureContent: ScepProfile['failureContent'],
): Buffer | undefined {
  if (reply.kind === 'success') return reply.content;
  switch (failureContent) {
    case 'empty':
      return Buffer.alloc(0);
    case 'nul':
      return Buffer.from([0]);
    case 'omit':
      return undefined;
  }
}

/** The reply's own senderNonce is not needed since RFC 8894, but older clients insist (P7). */
function addressAttributes(
  { transactionId, senderNonce }: ReplyAddress,
  randomBytes: (size: number) => Buffer,
): Attribute[] {
  return [
    { oid: scepOids.transactionId, value: transactionId.der },
    { oid: scepOids.senderNonce, value: der.octetString(randomBytes(16)) },
    ...(senderNonce === undefined
      ? []
      : [{ oid: scepOids.recipientNonce, value: der.octetString(senderNonce) }]),
  ];
}

function statusAttributes(reply: Reply): Attribute[] {
  const attributes = [
    { oid: scepOids.messageType, value: der.printableString(messageTypeToWire('CertRep')) },
    { oid: scepOids.pkiStatus, value: der.printableString(pkiStatus[reply.kind]) },
  ];
  if (reply.kind !== 'failure') return attributes;
  const { failInfo, text } = reply.failure;
  return [
    ...attributes,
    { oid: scepOids.failInfo, value: der.printableString(failInfoToWire(failInfo)) },
    { oid: scepOids.failInfoText, value: der.utf8String(text) },
  ];
}

/** As NDES sends them: the HRESULT on failure, "Issued" on success. */
function microsoftAttributes(reply: Reply): Attribute[] {
  if (reply.kind === 'failure') return [hresultAttribute(reply.failure.hresult ?? invalidArgument)];
  if (reply.kind === 'success')
    return [{ oid: scepOids.microsoftServerMessage, value: der.utf8String('Issued') }];
  return [];
}

/** E_INVALIDARG: what NDES says when no CA said anything. */
const invalidArgument = 0x80070057;

/** Windows shows the text of the code in its event log; others have no use for it. */
function hresultFor({ isWindows }: ReplyAddress, reply: Reply): Attribute[] {
  if (!isWindows || reply.kind !== 'failure' || reply.failure.hresult === undefined) return [];
  return [hresultAttribute(reply.failure.hresult)];
}

/** Signed decimal: -2147024809 is 0x80070057. */
function hresultAttribute(hresult: number): Attribute {
  return { oid: scepOids.microsoftError, value: der.printableString(String(hresult | 0)) };
}
