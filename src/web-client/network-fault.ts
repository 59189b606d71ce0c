/** What went wrong on the wire, in words for an administrator. */
export function networkFault(error: unknown): string {
  const code = codeOf(error);
  const known = code === undefined ? undefined : words[code];
  if (known !== undefined) return known;
  if (code !== undefined && /^ERR_(?:SSL|TLS)_/.test(code))
    return `the TLS handshake failed (${code})`;
  return code === undefined ? 'the connection failed' : `the connection failed (${code})`;
}

/**
 * True when the server's TLS turned our certificate, or the lack of one, down. In TLS 1.3 that comes after
 * the request was sent, and before the server has read any of it (RFC 8446 §4.4.2.4).
 */
export function isCertificateAlert(error: unknown): boolean {
  return /^ERR_SSL_(?:TLSV1|TLSV13|SSLV3|SSL\/TLS|TLS)_ALERT_(?:\w*CERTIFICATE\w*|UNKNOWN_CA|ACCESS_DENIED)$/.test(
    codeOf(error) ?? '',
  );
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** In TLS 1.2 a server says no more than that. */
const noHandshake =
  'the TLS of the server refuses: it may want a client certificate, or other ciphers than ours';

const words: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name cannot be resolved',
  EAI_AGAIN: 'the name cannot be resolved now',
  ECONNREFUSED: 'nothing listens there, or a firewall refuses',
  ECONNRESET: 'the connection was cut off',
  EPIPE: 'the connection was cut off',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the network',
  ETIMEDOUT: 'there is no answer from the host',
  CERT_HAS_EXPIRED: 'the certificate of the server has expired',
  CERT_NOT_YET_VALID: 'the certificate of the server is not valid yet: compare the clocks',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate of the server is self-signed and not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'the root certificate of the server is not trusted',
  UNABLE_TO_GET_ISSUER_CERT: 'the chain of the server is not complete, or its root not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the CA of the server is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the CA of the server is not trusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate of the server is for another name',
  INVALID_PURPOSE: 'the certificate of the server is not for servers',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: noHandshake,
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE': noHandshake,
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server speaks no TLS on this port',
};
