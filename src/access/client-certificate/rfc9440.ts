import { decodeBase64, type DecodedCertificates } from './encoded-certificates.js';

/**
 * `Client-Cert` and `Client-Cert-Chain` (RFC 9440): structured fields (RFC 9651) of byte sequences. The
 * chain does not repeat the leaf, and never comes alone (§2.3). No parameters are defined, so none is taken.
 */
export function decodeClientCert(
  leaf: string | undefined,
  chain: string | undefined,
): DecodedCertificates {
  if (leaf === undefined) {
    if (chain === undefined) return { kind: 'none' };
    return { kind: 'broken', reason: 'is missing beside client-cert-chain' };
  }
  const first = byteSequence(leaf);
  if (first === undefined) return notASequence;
  const others = chain === undefined || chain === '' ? [] : chain.split(/[ \t]*,[ \t]*/);
  const ders = [first];
  for (const other of others) {
    const der = byteSequence(other);
    if (der === undefined) return notASequence;
    ders.push(der);
  }
  return { kind: 'certificates', ders };
}

const notASequence: DecodedCertificates = {
  kind: 'broken',
  reason: 'is no byte sequence `:base64:` (RFC 9440)',
};

function byteSequence(item: string): Buffer | undefined {
  const [, base64] = /^:([A-Za-z0-9+/=]+):$/.exec(item) ?? [];
  return base64 === undefined ? undefined : decodeBase64(base64);
}
