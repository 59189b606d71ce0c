import { decodeText, definiteForm, der, parseBer, tag, type BerNode } from '../asn1/index.js';
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

/** How rules and people see a name: `dns:host`, `upn:u@d`, `directory:CN=…`, `other:1.2.3#a0…` with its DER. */
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
      return directoryName(node);
    case 6:
      return ia5Name('uri', node);
    case 7:
      return {
        type: 'ip',
        value: ipAddressText(node.octets()),
        raw: der.context(7, node.octets()),
      };
    default:
      return unreadName(kinds[number] ?? `[${number}]`, definiteForm(node));
  }
}

/**
 * A kind nobody here reads: its octets stand in the value, or one name could pass for another of the
 * same kind where a renewal, a rule or a challenge compares them.
 */
function unreadName(kind: string, raw: Buffer): SubjectAltName {
  return { type: 'other', value: `${kind}#${raw.toString('hex')}`, raw };
}

function directoryName(node: BerNode): SubjectAltName {
  const [name, ...more] = node.children;
  if (name === undefined || more.length > 0) throw new RangeError('not one Name');
  return {
    type: 'directory',
    value: Name.fromNode(name).text,
    raw: der.contextConstructed(4, definiteForm(name)),
  };
}

/** Kinds nobody writes rules for; none of them can be taken for the OID of an otherName. */
const kinds: Readonly<Record<number, string>> = {
  3: 'x400Address',
  5: 'ediPartyName',
  8: 'registeredID',
};

function otherName(node: BerNode): SubjectAltName {
  const oid = node.child(0).oid();
  const explicit = node.expect(1, tag.contextConstructed(0));
  const text = explicit.child(0);
  // A second value would be one that no rule has seen.
  if (node.children.length > 2 || explicit.children.length > 1)
    throw new RangeError('more than one value');
  const raw = definiteForm(node);
  if (oid !== upnOid) return unreadName(oid, raw);
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
