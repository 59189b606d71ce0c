import { GatewayError } from '../errors/index.js';

export interface PemBlock {
  /** "CERTIFICATE", "PRIVATE KEY", … */
  readonly label: string;
  /** Ciphertext where RFC 1421 headers say so (`Proc-Type: 4,ENCRYPTED`). */
  readonly der: Buffer;
  /** The block as found, boundary lines included. */
  readonly text: string;
}

/**
 * Every PEM block (RFC 7468, lenient in blanks and explanatory text) of a text, in order; none is no
 * error. Linear in the length of the text.
 *
 * @throws GatewayError `x509.malformed`
 */
export function readPem(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  const begin = /-----BEGIN ([^\r\n-]{1,64})-----/g;
  for (let match = begin.exec(text); match !== null; match = begin.exec(text)) {
    const [boundary, label = ''] = match;
    const bodyStart = match.index + boundary.length;
    const endBoundary = `-----END ${label}-----`;
    const bodyEnd = text.indexOf(endBoundary, bodyStart);
    if (bodyEnd < 0) throw malformed(label, 'does not end');
    begin.lastIndex = bodyEnd + endBoundary.length;
    blocks.push({
      label,
      der: decodeBody(text.slice(bodyStart, bodyEnd), label),
      text: text.slice(match.index, begin.lastIndex),
    });
  }
  return blocks;
}

/** A PEM block with 64 characters a line (RFC 7468 §2) and a final newline. */
export function toPem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/** Headers of RFC 1421 end with the first line that is blank. */
function decodeBody(body: string, label: string): Buffer {
  const [, headers = ''] = /^\s*((?:[A-Za-z0-9-]+:.*\r?\n(?:[ \t]+\S.*\r?\n)*)+)/.exec(body) ?? [];
  const base64 = body.slice(body.indexOf(headers) + headers.length).replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw malformed(label, 'is not base64');
  return Buffer.from(base64, 'base64');
}

function malformed(label: string, what: string): GatewayError {
  return new GatewayError('x509.malformed', `The PEM block ${label} ${what}.`);
}
