/** Which CA of an authority: the n-th issuing CA, or the n-th root above issuing CAs. */
export interface CaId {
  readonly level: 'ca' | 'root';
  readonly number: number;
}

/**
 * URL paths of CRLs and CA certificates, relative to the public URL. The first CA of an issuer has the
 * plain name, `/crl/local.crl`; its successors have their number in it, `/crl/local.2.crl`, so that a path
 * always means one key: whoever trusts the old CA alone could not use a CRL of the new one.
 */
export function crlPath(issuer: string, ca: CaId = firstCa): string {
  return `/crl/${fileName(issuer, ca)}.crl`;
}

export function caCertificatePath(issuer: string, ca: CaId = firstCa): string {
  return `/ca/${fileName(issuer, ca)}.cer`;
}

const firstCa: CaId = { level: 'ca', number: 1 };

/** No issuer name has a dot in it, so `local.2` is never another issuer's. */
function fileName(issuer: string, { level, number }: CaId): string {
  const suffix = `${level === 'ca' ? '' : '.root'}${number === 1 ? '' : `.${number}`}`;
  return issuer + suffix;
}
