/** From what people paste or pipe to the bytes of a message. */
import { readPem } from '../../x509/index.js';

export interface InspectedInput {
  /** "DER, 1984 octets", "base64 in a URL, 1984 octets": how it came. */
  readonly form: string;
  /** One, or as many as a PEM file has. */
  readonly objects: readonly InspectedObject[];
  /** Of a URL or a line of an access log. */
  readonly request?: InspectedRequest;
}

export interface InspectedObject {
  readonly bytes: Buffer;
  /** Of a PEM block: "CERTIFICATE". */
  readonly label?: string;
}

export interface InspectedRequest {
  readonly operation: string | undefined;
  /** Path of the URL, such as /scep/phones. */
  readonly path: string | undefined;
  /** As sent; a CA identifier for operations other than PKIOperation. */
  readonly message: string | undefined;
}

/** Undefined when it is neither ASN.1 nor any text we know how to decode. */
export function readInspected(raw: Buffer): InspectedInput | undefined {
  const bytes = withoutHttpHead(raw);
  if (looksBinary(bytes)) return single(bytes, 'binary');
  const text = decodeText(bytes).trim();
  if (text.includes('-----BEGIN ')) return fromPem(text) ?? fromBase64(withoutArmour(text), 'PEM');
  const request = findRequest(text);
  if (request) return fromRequest(request);
  const hex = text.replace(/^0x/i, '').replace(/[\s:]/g, '');
  if (/^30(?:[0-9a-f]{2}){2,}$/i.test(hex)) return single(Buffer.from(hex, 'hex'), 'hex');
  return fromBase64(text, 'base64');
}

/** `curl -i` and saved exchanges: the body follows the first empty line. */
function withoutHttpHead(bytes: Buffer): Buffer {
  const start = bytes.toString('latin1', 0, 16);
  if (!/^(?:HTTP\/[\d.]+ \d{3}|POST )/.test(start)) return bytes;
  const end = /\r?\n\r?\n/.exec(bytes.toString('latin1', 0, 64 * 1024));
  return end === null ? bytes : bytes.subarray(end.index + end[0].length);
}

/** A SEQUENCE with a length that text would not have: "0" and a printable octet is no text we decode. */
function looksBinary(bytes: Buffer): boolean {
  if (bytes[0] !== 0x30) return false;
  return bytes.some((octet) => octet < 0x09 || octet > 0x7e);
}

/** UTF-16 is what `>` in a PowerShell of Windows writes. */
function decodeText(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le', 2);
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

function fromPem(text: string): InspectedInput | undefined {
  try {
    const blocks = readPem(text);
    if (blocks.length === 0) return undefined;
    return {
      form: `PEM, ${blocks.map(({ label, der }) => `${label} of ${der.length} octets`).join(', ')}`,
      objects: blocks.map(({ label, der }) => ({ label, bytes: der })),
    };
  } catch {
    return undefined;
  }
}

/** PEM that lost its end, or whose lines were mangled on the way. */
function withoutArmour(text: string): string {
  return text.replace(/-----[A-Z0-9 ]*(?:-----)?/g, '');
}

function findRequest(text: string): InspectedRequest | undefined {
  const operation = /[?&\s"']operation=([^&\s"'#]*)/i.exec(`?${text}`)?.[1];
  const message = /[?&\s"']message=([^&\s"'#]*)/i.exec(`?${text}`)?.[1];
  if (operation === undefined && message === undefined) return undefined;
  const path = /(?:https?:\/\/[^/\s?]+|(?:GET|POST)\s+)(\/[^\s?]*)/i.exec(text)?.[1];
  return {
    operation: operation === undefined ? undefined : percentDecoded(operation),
    path: path === undefined ? undefined : percentDecoded(path),
    message,
  };
}

function fromRequest(request: InspectedRequest): InspectedInput {
  const { operation = 'PKIOperation', message } = request;
  if (message === undefined || !/^PKIOperation$/i.test(operation)) {
    return { form: 'a request', objects: [], request };
  }
  const decoded = fromBase64(message, 'base64 in a URL');
  return { form: 'a URL', objects: [], ...decoded, request };
}

/** Either alphabet, percent-encoded once or twice, blanks for "+", with or without padding and line breaks. */
function fromBase64(text: string, form: string): InspectedInput | undefined {
  const decoded = percentDecoded(percentDecoded(text));
  const names = [
    form,
    ...(decoded === text ? [] : ['percent-encoded']),
    ...(/[-_]/.test(decoded) ? ['URL-safe alphabet'] : []),
    ...(/\s/.test(decoded.trim()) ? ['with line breaks or blanks'] : []),
  ];
  const joined =
    / /.test(decoded) && !/[\r\n]/.test(decoded) ? decoded.replace(/ /g, '+') : decoded;
  const base64 = joined
    .replace(/\s+/g, '')
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replace(/(?<!=)=+$/, '');
  if (base64.length < 8 || !/^[A-Za-z0-9+/]+$/.test(base64)) return undefined;
  const bytes = Buffer.from(base64, 'base64');
  return bytes[0] === 0x30 ? single(bytes, names.join(', ')) : undefined;
}

function percentDecoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
}

function single(bytes: Buffer, form: string): InspectedInput {
  return { form: `${form}, ${bytes.length} octets`, objects: [{ bytes }] };
}
