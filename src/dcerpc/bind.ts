/** Bind and alter_context with their answers: one interface, one transfer syntax (C706 §12.6.4.3 to 5). */
import { headerOctets, mostFragmentOctets, type Pdu } from './pdu.js';
import { OctetReader } from './octet-reader.js';
import { malformed } from './rpc-error.js';
import { encodeSyntax, isSameSyntax, ndr32, readSyntax, type SyntaxId } from './syntax.js';

/** The one presentation context of a connection. */
export const presentationContext = 0;

/** Body of bind and of alter_context. @param group of the server, 0 for a new one */
export function encodeBind(abstract: SyntaxId, group: number): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt16LE(mostFragmentOctets);
  head.writeUInt16LE(mostFragmentOctets, 2);
  head.writeUInt32LE(group, 4);
  head.writeUInt8(1, 8);
  head.writeUInt16LE(presentationContext, 12);
  head.writeUInt8(1, 14);
  return Buffer.concat([head, encodeSyntax(abstract), encodeSyntax(ndr32)]);
}

export interface BindAck {
  /** The largest message that the server takes. */
  readonly mostOctets: number;
  readonly group: number;
  readonly result: PresentationResult;
}

type PresentationResult =
  { readonly kind: 'accepted' } | { readonly kind: 'refused'; readonly reason: string };

/**
 * bind_ack and alter_context_resp.
 * @throws GatewayError `rpc.malformed`
 */
export function parseBindAck({ bytes }: Pdu): BindAck {
  const reader = new OctetReader(bytes, 'a bind_ack', headerOctets).skip(2);
  const mostOctets = reader.uint16();
  // C706 §12.6.3.5: everybody takes this much.
  if (mostOctets < leastFragmentOctets) throw malformed(`fragments of ${mostOctets} octets`);
  const group = reader.uint32();
  const addressOctets = reader.uint16();
  const results = reader.skip(addressOctets).align(4).uint8();
  if (results !== 1) throw malformed('another number of results than asked for');
  return { mostOctets, group, result: readResult(reader.skip(3)) };
}

const leastFragmentOctets = 1432;

function readResult(reader: OctetReader): PresentationResult {
  const result = reader.uint16();
  const reason = reader.uint16();
  if (result !== 0) return { kind: 'refused', reason: reasonText(reason) };
  if (!isSameSyntax(readSyntax(reader), ndr32)) {
    throw malformed('a transfer syntax that was not offered');
  }
  return { kind: 'accepted' };
}

/** p_provider_reason_t, C706 §12.6.3.1. */
function reasonText(reason: number): string {
  switch (reason) {
    case 1:
      return 'it does not have the interface';
    case 2:
      return 'it does not have the transfer syntax';
    case 3:
      return 'a limit of the server is reached';
    default:
      return `reason ${reason}`;
  }
}

export type BindNakReason =
  | { readonly kind: 'busy'; readonly text: string }
  /** The mechanism, not the person: another one may do. */
  | { readonly kind: 'mechanism'; readonly text: string }
  | { readonly kind: 'sign-in'; readonly text: string }
  | { readonly kind: 'other'; readonly text: string };

/**
 * p_reject_reason_t (C706 §12.6.3.1, MS-RPCE §2.2.2.5).
 * @throws GatewayError `rpc.malformed`
 */
export function parseBindNak({ bytes }: Pdu): BindNakReason {
  const reason = new OctetReader(bytes, 'a bind_nak', headerOctets).uint16();
  switch (reason) {
    case 1:
      return { kind: 'busy', text: 'temporary congestion' };
    case 2:
      return { kind: 'busy', text: 'a local limit of the server is exceeded' };
    case 8:
      return { kind: 'mechanism', text: 'authentication type not recognized' };
    case 9:
      return { kind: 'sign-in', text: 'invalid checksum' };
    default:
      return { kind: 'other', text: `reason ${reason}` };
  }
}
