/** A text somebody pasted, read as each identifier a certificate is stored under. */
export interface CertificateIdentifiers {
  readonly thumbprint: string;
  readonly serial: string;
  readonly keyId: string;
  readonly transactionId: string;
}

/** Colons and blanks between hex digits, their case, `0x` and leading zero octets are forgiven. */
export function certificateIdentifiers(text: string): CertificateIdentifiers {
  const hex = hexDigits(text);
  const significant = hex.toLowerCase().replace(/^0+(?=.)/, '');
  return {
    thumbprint: hex.toUpperCase(),
    serial: significant.padStart(significant.length + (significant.length % 2), '0'),
    keyId: hex.toLowerCase(),
    transactionId: text.trim(),
  };
}

/** A whole SHA-256 thumbprint or key id: stored under it or not at all. */
export function isFullDigest(text: string): boolean {
  return /^[0-9A-Fa-f]{64}$/.test(hexDigits(text));
}

/** So long that no subject holds it by chance: when it was found as an identifier, that is what was meant. */
export function isLongIdentifier(text: string): boolean {
  return hexDigits(text).length >= 16;
}

function hexDigits(text: string): string {
  return text.replace(/[:\s]/g, '').replace(/^0x/i, '');
}
