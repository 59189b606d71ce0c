/** Channel bindings: what ties a sign-in to the TLS connection it runs in, so that it cannot be relayed. */
import { createHash } from 'node:crypto';
import { parseBer, type BerNode } from '../../asn1/index.js';
import { isGatewayError } from '../../errors/index.js';

/**
 * Application data of `tls-server-end-point` (RFC 5929 §4): its name, a colon, and the hash of the server's
 * certificate by the digest of its signature, SHA-256 instead of MD5 and SHA-1. Undefined for a signature
 * that has no one digest (Ed25519) or an unknown one: for those the binding is not defined.
 *
 * @param certificate DER, of the server, as it came in the handshake
 */
export function tlsServerEndPoint(certificate: Buffer): Buffer | undefined {
  const digest = signatureDigest(certificate);
  if (digest === undefined) return undefined;
  const hash = createHash(digest).update(certificate).digest();
  return Buffer.concat([Buffer.from('tls-server-end-point:'), hash]);
}

/**
 * MD5 of a gss_channel_bindings_struct (RFC 2744 §3.11) without addresses, which is what NTLM and Kerberos
 * carry (MS-NLMP 2.2.2.1, RFC 4121 §4.1.1.2).
 */
export function channelBindingHash(applicationData: Buffer): Buffer {
  const head = Buffer.alloc(20);
  head.writeUInt32LE(applicationData.length, 16);
  return createHash('md5').update(head).update(applicationData).digest();
}

const digestOfSignature: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.4', 'sha256'], // md5WithRSAEncryption
  ['1.2.840.113549.1.1.5', 'sha256'], // sha1WithRSAEncryption
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.2.840.113549.1.1.14', 'sha224'],
  ['1.2.840.10045.4.1', 'sha256'], // ecdsa-with-SHA1
  ['1.2.840.10045.4.3.1', 'sha224'],
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
]);

const rsaPss = '1.2.840.113549.1.1.10';

const digestByOid: ReadonlyMap<string, string> = new Map([
  ['1.3.14.3.2.26', 'sha256'], // SHA-1
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
  ['2.16.840.1.101.3.4.2.4', 'sha224'],
]);

function signatureDigest(certificate: Buffer): string | undefined {
  try {
    const algorithm = parseBer(certificate).child(1);
    const oid = algorithm.child(0).oid();
    return oid === rsaPss ? pssDigest(algorithm) : digestOfSignature.get(oid);
  } catch (error) {
    if (isGatewayError(error)) return undefined;
    throw error;
  }
}

/** RSASSA-PSS-params (RFC 4055 §3.1): hashAlgorithm is `[0]`, SHA-1 by default. */
function pssDigest(algorithm: BerNode): string | undefined {
  const hash = algorithm.children[1]?.find(0xa0);
  return hash === undefined ? 'sha256' : digestByOid.get(hash.child(0).child(0).oid());
}
