import { der, parseBer } from '../asn1/index.js';
import { GatewayError, readableOr } from '../errors/index.js';
import { attributeTypeOid } from './attribute-type.js';
import { ia5OrUtf8, printableOrUtf8 } from './string-type.js';

interface Scanner {
  readonly text: string;
  at: number;
}

/**
 * DER Name of a text as `Name.text` prints it: RFC 4514 escapes, but in encoding order ("CN=Device
 * 1,O=Example" encodes CN first). Also takes dotted OIDs, `#hex` values, quoted values and the type
 * names Windows prints. An empty text is the empty Name.
 *
 * @throws GatewayError `config.invalid`
 */
export function parseDistinguishedName(text: string): Buffer {
  const scanner: Scanner = { text, at: 0 };
  const rdns: Buffer[] = [];
  if (text.trim() === '') return der.sequence();
  do rdns.push(readRdn(scanner));
  while (take(scanner, /,/y) !== undefined);
  if (scanner.at < text.length) throw unreadable(scanner, 'a character that must be escaped');
  const name = der.sequence(...rdns);
  // What our own guard would stop at later: an OID of hundreds of arcs, a #value nested to the limit.
  if (readableOr(undefined, () => parseBer(name)) === undefined)
    throw unreadable(scanner, 'more than a name can hold');
  return name;
}

function readRdn(scanner: Scanner): Buffer {
  const pairs: Buffer[] = [];
  do pairs.push(readPair(scanner));
  while (take(scanner, /\+/y) !== undefined);
  return der.setOf(...pairs);
}

function readPair(scanner: Scanner): Buffer {
  const head = take(scanner, /[ \t\r\n]*(?:OID\.)?([A-Za-z][A-Za-z0-9-]*|[0-2](?:\.\d+)+)\s*= */iy);
  const [, name = ''] = head ?? [];
  if (head === undefined) throw unreadable(scanner, 'no `type=value`');
  const type = attributeTypeOid(name);
  if (type === undefined) throw unreadable(scanner, `the unknown attribute type ${name}`);
  return der.sequence(der.oid(type), readValue(scanner, type));
}

function readValue(scanner: Scanner, type: string): Buffer {
  const [, hex] = take(scanner, /#((?:[0-9a-fA-F]{2})+)[ \t\r\n]*/y) ?? [];
  if (hex !== undefined) return readHexValue(scanner, hex);
  const quoted = take(scanner, /"/y) !== undefined;
  const octets = readString(scanner, quoted ? /[^\\"]+/y : /[^\\,+"<>;]+/y);
  if (quoted && take(scanner, /"[ \t\r\n]*/y) === undefined)
    throw unreadable(scanner, 'no closing quotation mark');
  if (quoted) return encodeValue(type, decodeUtf8(scanner, octets.all));
  return encodeValue(type, decodeUtf8(scanner, octets.trimmed));
}

function readHexValue(scanner: Scanner, hex: string): Buffer {
  try {
    return parseBer(Buffer.from(hex, 'hex')).raw;
  } catch {
    throw unreadable(scanner, 'a #value that is not DER');
  }
}

/** `trimmed` is without trailing blanks that are not escaped. */
function readString(scanner: Scanner, plain: RegExp): { all: Buffer; trimmed: Buffer } {
  const parts: Buffer[] = [];
  let last = '';
  for (;;) {
    const [text] = take(scanner, plain) ?? [];
    if (text !== undefined) {
      last = text;
      parts.push(Buffer.from(text, 'utf8'));
      continue;
    }
    const [escaped, hex, character = ''] =
      take(scanner, /\\(?:([0-9a-fA-F]{2})|([ #"+,;<=>\\]))/y) ?? [];
    if (escaped === undefined) break;
    last = '';
    parts.push(hex === undefined ? Buffer.from(character) : Buffer.from(hex, 'hex'));
  }
  const all = Buffer.concat(parts);
  const blanks = /[ \t\r\n]*$/.exec(last)?.[0].length ?? 0;
  return { all, trimmed: all.subarray(0, all.length - blanks) };
}

function decodeUtf8(scanner: Scanner, octets: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    throw unreadable(scanner, 'escapes that are not UTF-8');
  }
}

/** RFC 5280 §4.1.2.4: UTF8String, save for the types whose ASN.1 says otherwise and whose text fits. */
function encodeValue(type: string, text: string): Buffer {
  switch (type) {
    case '2.5.4.6':
    case '2.5.4.5':
      return printableOrUtf8(text);
    case '1.2.840.113549.1.9.1':
    case '0.9.2342.19200300.100.1.25':
      return ia5OrUtf8(text);
    default:
      return der.utf8String(text);
  }
}

function take(scanner: Scanner, sticky: RegExp): RegExpExecArray | undefined {
  sticky.lastIndex = scanner.at;
  const match = sticky.exec(scanner.text);
  if (match === null) return undefined;
  scanner.at = sticky.lastIndex;
  return match;
}

function unreadable(scanner: Scanner, what: string): GatewayError {
  return new GatewayError(
    'config.invalid',
    `The distinguished name ${JSON.stringify(scanner.text)} has ${what} at character ${scanner.at + 1}.`,
    { mend: 'Write it like `CN=Device 1,O=Example`; put a \\ before , + " \\ < > ; in a value.' },
  );
}
