import { decodeText, der, parseBer, tag, type BerNode } from '../asn1/index.js';
import { GatewayError } from '../errors/index.js';
import { hasInvisible } from './attribute-text.js';
import { extensionOids, type Extension } from './extension.js';
import { ipAddressText } from './ip-address.js';
import { Name } from './name.js';

/** One GeneralName of a subjectAltName (RFC 5280 §4.2.1.6). */
export interface SubjectAltName {
  readonly type: 'dns' | 'email' | 'upn' | 'uri' | 'ip' | 'directory' | 'other';
  /** Printable: nothing in it is invisible, so that an allow rule sees what a relying party sees. */
  readonly value: string;
  /** The GeneralName, DER. */
  readonly raw: Buffer;
}

export const upnOid = '1.3.6.1.4.1.311.20.2.3';

/**
 * The names of a subjectAltName value, in order.
 *
 * @throws GatewayError `x509.malformed`, or `policy.san` for a name with characters that a rule or a
 *   relying party could read differently: NUL, other controls, blanks and anything beyond ASCII in an
 *   IA5String; bidi and other invisible characters in a UPN
 */
export function readSubjectAltNames(value: Buffer): SubjectAltName[] {
  try {
    return parseBer(value).require(tag.sequence).children.map(readGeneralName);
  } catch (cause) {
    if (cause instanceof GatewayError && cause.code === 'policy.san') throw cause;
    throw new GatewayError('x509.malformed', 'The subjectAltName cannot be read.', { cause });
  }
}

/** How rules and people see a name: `dns:host`, `upn:u@d`, `directory:CN=…`, `other:1.2.3`. */
export function subjectAltNameText({ type, value }: SubjectAltName): string {
  return `${type}:${value}`;
}

/** The extension of DER GeneralNames. Critical where the subject is empty (RFC 5280 §4.2.1.6). */
export function writeSubjectAltNames(names: readonly Buffer[], critical: boolean): Extension {
  return { oid: extensionOids.subjectAltName, critical, value: der.sequence(...names) };
}

function readGeneralName(node: BerNode): SubjectAltName {
  const number = node.tag & 0x1f;
  if ((node.tag & 0xc0) !== 0x80) throw new RangeError('not a GeneralName');
  switch (number) {
    case 0:
      return otherName(node);
    case 1:
      return ia5Name('email', node);
    case 2:
      return ia5Name('dns', node);
    case 4:
      return {
        type: 'directory',
        value: Name.fromNode(node.child(0)).text,
        raw: definiteLengths(node),
      };
    case 6:
      return ia5Name('uri', node);
    case 7:
      return {
        type: 'ip',
        value: ipAddressText(node.octets()),
        raw: der.context(7, node.octets()),
      };
    default:
      return { type: 'other', value: kinds[number] ?? `[${number}]`, raw: definiteLengths(node) };
  }
}

/** Kinds nobody writes rules for; none of them can be taken for the OID of an otherName. */
const kinds: Readonly<Record<number, string>> = {
  3: 'x400Address',
  5: 'ediPartyName',
  8: 'registeredID',
};

function otherName(node: BerNode): SubjectAltName {
  const oid = node.child(0).oid();
  const raw = definiteLengths(node);
  if (oid !== upnOid) return { type: 'other', value: oid, raw };
  const text = node.expect(1, tag.contextConstructed(0)).child(0);
  const value = decodeText(text);
  if (value === undefined) throw new RangeError('a UPN that is no string');
  if (hasInvisible(value) || value.includes('\ufffd')) throw forbidden('upn');
  return { type: 'upn', value, raw };
}

function ia5Name(type: 'dns' | 'email' | 'uri', node: BerNode): SubjectAltName {
  const octets = node.octets();
  const value = octets.toString('latin1');
  if (!isPlainAscii(value)) throw forbidden(type);
  return { type, value, raw: der.context(node.tag & 0x1f, octets) };
}

/** Visible ASCII without blanks: every legitimate dNSName, rfc822Name and URI (RFC 5280 §4.2.1.6, §7). */
export function isPlainAscii(text: string): boolean {
  return /^[!-~]*$/.test(text);
}

function forbidden(type: SubjectAltName['type']): GatewayError {
  return new GatewayError(
    'policy.san',
    `A subjectAltName of kind ${type} holds characters that are not allowed there.`,
  );
}

/** The same element with definite, minimal lengths: what came as BER leaves as DER. */
function definiteLengths(node: BerNode): Buffer {
  return node.constructed
    ? der.element(node.tag, ...node.children.map(definiteLengths))
    : der.element(node.tag, node.content);
}
