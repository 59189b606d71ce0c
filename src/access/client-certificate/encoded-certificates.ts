/** How proxies write certificates into a header: base64 of DER, or PEM with percent signs. */

/** What a header says; `reason` completes "the header NAME …". */
export type DecodedCertificates =
  | { readonly kind: 'certificates'; readonly ders: readonly Buffer[] }
  /** The client showed none. */
  | { readonly kind: 'none' }
  | { readonly kind: 'broken'; readonly reason: string };

/** RFC 4648 §4 without blanks; the padding may be left out. Undefined for anything else. */
export function decodeBase64(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const unpadded = text.replace(/=+$/, '');
  const octets = Buffer.from(unpadded, 'base64');
  // Node passes over what it cannot use: stray bits at the end, a single last character, odd padding.
  const canonical = octets.toString('base64');
  return text === canonical || text === canonical.replace(/=+$/, '') ? octets : undefined;
}

/**
 * Percent-decoding of RFC 3986. Not that of forms: ALB and Traefik leave the `+` of base64 as it is, and a
 * form decoder would make a blank of it. Undefined for a stray percent sign or what is no UTF-8.
 */
export function decodePercent(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** PEM of certificates and nothing else, written with percent signs. */
export function decodeEscapedPem(text: string): DecodedCertificates {
  const pem = decodePercent(text);
  if (pem === undefined) return { kind: 'broken', reason: 'is not percent-encoded' };
  const ders: Buffer[] = [];
  let rest = pem.trim();
  while (rest !== '') {
    const [block, body = ''] = pemBlock.exec(rest) ?? [];
    const der = block === undefined ? undefined : decodeBase64(body.replace(/\r?\n/g, ''));
    if (block === undefined || der === undefined) {
      return { kind: 'broken', reason: 'holds something else than PEM certificates' };
    }
    ders.push(der);
    rest = rest.slice(block.length).trimStart();
  }
  return ders.length === 0 ? { kind: 'none' } : { kind: 'certificates', ders };
}

/** Linear: the body has no dash in it. */
const pemBlock = /^-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END CERTIFICATE-----/;
