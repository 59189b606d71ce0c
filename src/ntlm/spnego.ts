/** NTLM in `Negotiate` (RFC 4178, MS-SPNG): bare, as most clients send it, or as the first choice of SPNEGO. */
import { der, parseBer, type BerNode } from '../asn1/index.js';
import { isGatewayError } from '../errors/index.js';
import { isNtlmMessage, messageType, type MessageType } from './message.js';

const spnegoOid = '1.3.6.1.5.5.2';
const ntlmOid = '1.3.6.1.4.1.311.2.2.10';
const [initialToken, context0, context1, context2, context3] = [
  0x60, 0xa0, 0xa1, 0xa2, 0xa3,
] as const;
const enumerated = 0x0a;

export interface NtlmToken {
  /** The NTLM message inside. */
  readonly message: Buffer;
  /** 1 NEGOTIATE, 2 CHALLENGE, 3 AUTHENTICATE; undefined when it is none of them. */
  readonly type: MessageType | undefined;
  readonly wrapping: 'none' | 'spnego';
  /** Of the first SPNEGO token: the list of mechanisms, DER, which a mechListMIC signs. */
  readonly mechanisms: Buffer | undefined;
  readonly mechanismsMic: Buffer | undefined;
}

/** Undefined for the token of another mechanism: Kerberos. */
export function readNtlmToken(token: Buffer): NtlmToken | undefined {
  if (isNtlmMessage(token)) {
    return ntlmToken(token, 'none');
  }
  try {
    const node = parseBer(token);
    if (node.tag === initialToken) return readInitial(node);
    return node.tag === context1 ? readResponse(node) : undefined;
  } catch (error) {
    if (isGatewayError(error)) return undefined;
    throw error;
  }
}

/** NegTokenInit; NTLM counts only as the first mechanism, because the token that came is of that one. */
function readInitial(node: BerNode): NtlmToken | undefined {
  if (node.child(0).oid() !== spnegoOid) return undefined;
  const fields = node.expect(1, context0).child(0);
  const mechanisms = fields.find(context0)?.child(0);
  const message = fields.find(context2)?.child(0).octets();
  if (mechanisms?.child(0).oid() !== ntlmOid || !message || !isNtlmMessage(message))
    return undefined;
  return { ...ntlmToken(message, 'spnego'), mechanisms: mechanisms.raw };
}

/** NegTokenResp. */
function readResponse(node: BerNode): NtlmToken | undefined {
  const fields = node.child(0);
  const message = fields.find(context2)?.child(0).octets();
  if (!message || !isNtlmMessage(message)) return undefined;
  const mechanismsMic = fields.find(context3)?.child(0).octets();
  return { ...ntlmToken(message, 'spnego'), mechanismsMic };
}

function ntlmToken(message: Buffer, wrapping: NtlmToken['wrapping']): NtlmToken {
  const type = messageType(message);
  return { message, type, wrapping, mechanisms: undefined, mechanismsMic: undefined };
}

/** NegTokenResp with the CHALLENGE: accept-incomplete. */
export function wrapChallenge(message: Buffer): Buffer {
  return response(
    der.element(context0, der.element(enumerated, Buffer.from([1]))),
    der.element(context1, der.oid(ntlmOid)),
    der.element(context2, der.octetString(message)),
  );
}

/** NegTokenResp that ends the exchange: accept-completed. */
export function acceptCompleted(mechanismsMic: Buffer | undefined): Buffer {
  return response(
    der.element(context0, der.element(enumerated, Buffer.from([0]))),
    ...(mechanismsMic ? [der.element(context3, der.octetString(mechanismsMic))] : []),
  );
}

function response(...fields: readonly Buffer[]): Buffer {
  return der.element(context1, der.sequence(...fields));
}
