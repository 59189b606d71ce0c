/** A call's stub as sealed fragments, and an answer's back. */
import { encodeTrailer, readVerifier, trailerOctets, type AuthType } from './auth-trailer.js';
import { checkResponseHead, encodeRequestHead, stubAt } from './call.js';
import { encodeHeader, headerOctets, pduFlag, pduType, type Pdu } from './pdu.js';
import { malformed } from './rpc-error.js';
import type { RpcProtection } from './sign-in.js';

/** How messages of a connection are protected; the endpoint mapper's are not. */
export interface Sealing {
  readonly authType: AuthType;
  readonly protection: RpcProtection;
}

export interface CallHead {
  readonly callId: number;
  readonly opnum: number;
}

/**
 * Messages of one request, made one by one, because a signature is counted when it is made. A stub is cut
 * into multiples of 16 octets, so that only the last fragment is padded (MS-RPCE §2.2.2.11).
 *
 * @param mostOctets of a message
 */
export function* requestFragments(
  { callId, opnum }: CallHead,
  stub: Buffer,
  mostOctets: number,
  sealing: Sealing | undefined,
): Generator<Buffer> {
  const room = roomForStub(mostOctets, sealing);
  for (let at = 0; at === 0 || at < stub.length; at += room) {
    const part = stub.subarray(at, at + room);
    const flags = (at === 0 ? pduFlag.first : 0) | (at + room >= stub.length ? pduFlag.last : 0);
    const head = { type: pduType.request, flags, callId };
    const fixed = encodeRequestHead(opnum, stub.length - at);
    yield sealing === undefined
      ? Buffer.concat([encodeHeader(head, stubAt + part.length, 0), fixed, part])
      : sealed(head, fixed, part, sealing);
  }
}

const blockOctets = 16;

function roomForStub(mostOctets: number, sealing: Sealing | undefined): number {
  const around =
    sealing === undefined
      ? stubAt
      : stubAt + trailerOctets + sealing.protection.signatureOctets(mostOctets);
  return Math.floor((mostOctets - around) / blockOctets) * blockOctets;
}

function sealed(
  head: Pick<Pdu, 'type' | 'flags' | 'callId'>,
  fixed: Buffer,
  part: Buffer,
  { authType, protection }: Sealing,
): Buffer {
  const padOctets = (blockOctets - (part.length % blockOctets)) % blockOctets;
  const plain = Buffer.concat([part, Buffer.alloc(padOctets)]);
  const trailer = encodeTrailer(authType, padOctets);
  const signatureOctets = protection.signatureOctets(plain.length);
  const octets = headerOctets + fixed.length + plain.length + trailer.length + signatureOctets;
  const header = Buffer.concat([encodeHeader(head, octets, signatureOctets), fixed]);
  const { stub, signature } = protection.seal({ header, stub: plain, trailer });
  if (signature.length !== signatureOctets) throw new RangeError('a signature of another length');
  return Buffer.concat([header, stub, trailer, signature]);
}

/**
 * The stub in one message of a response, its seal verified.
 * @throws GatewayError `rpc.malformed` when it is not sealed, or wrongly
 */
export function openFragment(pdu: Pdu, sealing: Sealing | undefined): Buffer {
  checkResponseHead(pdu);
  if (sealing === undefined) {
    if (pdu.authOctets > 0) throw malformed('a signature that nobody asked for');
    return pdu.bytes.subarray(stubAt);
  }
  const verifier = readVerifier(pdu, sealing.authType, stubAt);
  if (verifier === undefined) throw malformed('a response that is not sealed');
  const { at, padOctets, trailer, value } = verifier;
  const plain = sealing.protection.unseal({
    header: pdu.bytes.subarray(0, stubAt),
    stub: pdu.bytes.subarray(stubAt, at),
    trailer,
    signature: value,
  });
  if (plain === undefined) throw malformed('a response whose seal is broken');
  return plain.subarray(0, plain.length - padOctets);
}

/** A certificate with its chain is some kilobytes; a bigger answer is no answer of a CA. */
const mostResponseOctets = 1024 * 1024;

/** Puts the fragments of one response together. */
export class Reassembly {
  readonly #parts: Buffer[] = [];
  #octets = 0;

  /**
   * The whole stub with its last fragment, undefined before.
   * @throws GatewayError `rpc.malformed`
   */
  add(flags: number, part: Buffer): Buffer | undefined {
    const isFirst = (flags & pduFlag.first) !== 0;
    const isLast = (flags & pduFlag.last) !== 0;
    if (isFirst !== (this.#parts.length === 0)) throw malformed('fragments out of order');
    if (part.length === 0 && !isLast) throw malformed('an empty fragment');
    this.#octets += part.length;
    if (this.#octets > mostResponseOctets) throw malformed('a response beyond all measure');
    // A copy: an unsealed fragment may be a view of a larger message.
    this.#parts.push(Buffer.from(part));
    return isLast ? Buffer.concat(this.#parts, this.#octets) : undefined;
  }
}
