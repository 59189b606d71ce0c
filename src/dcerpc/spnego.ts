/** SPNEGO tokens around another mechanism (RFC 4178), as far as an initiator of one mechanism needs them. */
import { der, parseBer, tag } from '../asn1/index.js';
import { isGatewayError } from '../errors/index.js';
import { malformed } from './rpc-error.js';

const spnego = '1.3.6.1.5.5.2';

/** `[APPLICATION 0]` (RFC 2743 §3.1). */
const initialContextToken = 0x60;

/** MechTypeList, whose encoding `mechListMIC` signs. */
export function mechanismList(mechanism: string): Buffer {
  return der.sequence(der.oid(mechanism));
}

/** The first token: the one mechanism, and its own first token. */
export function encodeInit(mechanism: string, token: Buffer): Buffer {
  return der.element(
    initialContextToken,
    der.oid(spnego),
    der.contextConstructed(
      0,
      der.sequence(
        der.contextConstructed(0, mechanismList(mechanism)),
        der.contextConstructed(2, der.octetString(token)),
      ),
    ),
  );
}

/** A following one. */
export function encodeResponse(token: Buffer, mechListMic: Buffer | undefined): Buffer {
  return der.contextConstructed(
    1,
    der.sequence(
      der.contextConstructed(2, der.octetString(token)),
      ...(mechListMic ? [der.contextConstructed(3, der.octetString(mechListMic))] : []),
    ),
  );
}

export interface NegotiationResponse {
  readonly state: 'completed' | 'incomplete' | 'rejected';
  readonly token: Buffer | undefined;
  readonly mechListMic: Buffer | undefined;
}

/** @throws GatewayError `rpc.malformed` */
export function parseResponse(bytes: Buffer): NegotiationResponse {
  try {
    const fields = parseBer(bytes).expect(0, tag.sequence);
    const octets = (n: number) => fields.find(tag.contextConstructed(n))?.child(0).content;
    return {
      state: stateOf(octets(0)),
      token: octets(2),
      mechListMic: octets(3),
    };
  } catch (error) {
    if (isGatewayError(error)) throw malformed('a SPNEGO token that cannot be read');
    throw error;
  }
}

/** `negState`; a server may leave it out of the middle ones. `request-mic` goes on like `incomplete`. */
function stateOf(value: Buffer | undefined): NegotiationResponse['state'] {
  switch (value?.[0]) {
    case 0:
      return 'completed';
    case 2:
      return 'rejected';
    default:
      return 'incomplete';
  }
}
