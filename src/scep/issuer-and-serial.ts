import { decodeText, parseBer, tag, type BerNode } from '../asn1/index.js';
import { GatewayError } from '../errors/index.js';
import { Name, serialFromBytes, type SerialNumber } from '../x509/index.js';

/** What GetCert and GetCRL ask for (RFC 8894 §3.3.4, §3.3.5). */
export interface IssuerAndSerial {
  readonly issuer: Name;
  readonly serial: SerialNumber;
}

/**
 * Strict on purpose. "Unknown certificate" tells anyone that a decryption succeeded, and CBC lets an
 * attacker put one block of his choice before a garbled one and a captured one: a reader that let the
 * garbage pass as an issuer or a long serial would decrypt a stranger's challenge for him. So every
 * octet has to make sense; whatever does not gets the uniform answer.
 *
 * @param known names that stand for themselves, in whatever string type
 * @throws GatewayError `cms.malformed`
 */
export function parseIssuerAndSerial(content: Buffer, known: readonly Name[]): IssuerAndSerial {
  const node = parseBer(content);
  const [issuerNode, serialNode] = node.children;
  if (!node.is(tag.sequence) || node.children.length !== 2 || !issuerNode || !serialNode)
    throw garbled();
  const serialBytes = serialNode.integerBytes();
  const issuer = readName(issuerNode);
  if (serialBytes.length > maxSerialOctets) throw garbled();
  if (!known.some((name) => name.matches(issuer)) && !isPlainlyText(issuerNode)) throw garbled();
  return { issuer, serial: serialFromBytes(serialBytes) };
}

/** RFC 5280 §4.1.2.2, and the sign octet. */
const maxSerialOctets = 21;

function readName(node: BerNode): Name {
  try {
    return Name.fromNode(node);
  } catch {
    throw garbled();
  }
}

/** At least one attribute, and each a readable string of a type that leaves random octets unreadable. */
function isPlainlyText(name: BerNode): boolean {
  const values = name.children.flatMap((rdn) => rdn.children.map((pair) => pair.child(1)));
  return values.length > 0 && values.every(isReadable);
}

function isReadable(value: BerNode): boolean {
  const text = decodeText(value) ?? '';
  if (value.is(tag.utf8String)) return /^[^\p{C}\ufffd]+$/u.test(text);
  return asciiTypes.some((type) => value.is(type)) && /^[\x20-\x7e]+$/.test(text);
}

const asciiTypes = [
  tag.printableString,
  tag.ia5String,
  tag.teletexString,
  tag.numericString,
  tag.visibleString,
];

function garbled(): GatewayError {
  return new GatewayError('cms.malformed', 'The content is not an IssuerAndSerialNumber.');
}
