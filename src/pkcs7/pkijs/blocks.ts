/** The crossing between this house's bytes and views and the asn1js blocks that pkijs classes are made of. */
import { BaseBlock, fromBER, Sequence, type ViewWriter } from 'asn1js';
import { parseBer, type BerNode } from '../../asn1/index.js';
import { malformed } from '../cms-error.js';

/**
 * Wider than the guard in front (parseBer), which decides: these bound asn1js on its own. Octet strings
 * are not looked into; their content counts neither as elements nor as depth here.
 */
const limits = { maxDepth: 64, maxNodes: 4000, parseEmbedded: false, copyInput: false } as const;

/** @throws GatewayError `cms.malformed` */
export function toBlock(bytes: Buffer): BaseBlock {
  const { offset, result } = fromBER(bytes, { ...limits, maxContentLength: bytes.length + 1 });
  if (offset !== bytes.length) throw malformed(`asn1js: ${result.error}`);
  return result;
}

/** A view on what pkijs read or built. */
export function toNode(block: unknown): BerNode {
  if (!(block instanceof BaseBlock)) throw malformed('pkijs gave no ASN.1 block');
  const { valueBeforeDecodeView: received } = block;
  return parseBer(Buffer.from(received.length > 0 ? received : new Uint8Array(block.toBER())));
}

/** DER of a pkijs structure. */
export function toDer(structure: { toSchema(): BaseBlock }): Buffer {
  return Buffer.from(structure.toSchema().toBER());
}

/** Runs a pkijs schema, whose errors are of many kinds, under the one error of this room. */
export function underSchema<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw malformed(`pkijs refuses the ${what}`, cause);
  }
}

/** A complete DER SEQUENCE that asn1js takes as it is. */
export function opaqueSequence(bytes: Buffer): Sequence {
  return new OpaqueSequence(bytes);
}

class OpaqueSequence extends Sequence {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    super();
    this.#bytes = bytes;
  }

  override toBER(_sizeOnly?: boolean, writer?: ViewWriter): ArrayBuffer {
    const bytes = Uint8Array.from(this.#bytes).buffer;
    writer?.write(bytes);
    return bytes;
  }
}
