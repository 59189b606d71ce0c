/**
 * Degenerate SignedData: certificates or CRLs in a message that nobody signs (RFC 5652 §5.2, RFC 8894
 * §3.4). Digest algorithms and signers are empty sets and the content is left out: an empty one makes
 * some clients stumble (P4 of the interop notes).
 *
 * Written with the DER writer, not with pkijs: a bundle is in every SUCCESS reply, and pkijs takes
 * about 2 ms for one certificate where this takes about 10 µs (Node 20, a slow hour of a shared machine;
 * the bytes are the same). Read through pkijs (pkijs/bundle.ts).
 */
import { der } from '../asn1/index.js';
import type { Certificate } from '../x509/index.js';
import { cmsOids } from './algorithms.js';

/** DER, in the order given: Apple takes the first for the issued one, so the leaf comes first. */
export function certificateBundle(certificates: readonly Certificate[]): Buffer {
  return degenerate(certificates, []);
}

/** DER, around DER CertificateLists: what GetCRL answers (RFC 8894 §3.4). */
export function crlBundle(crls: readonly Buffer[]): Buffer {
  return degenerate([], crls);
}

function degenerate(certificates: readonly Certificate[], crls: readonly Buffer[]): Buffer {
  return der.sequence(
    signedDataOid,
    der.contextConstructed(
      0,
      der.sequence(
        beforeCertificates,
        ...optionalSet(
          0,
          certificates.map((certificate) => certificate.der),
        ),
        ...optionalSet(1, crls),
        noSigners,
      ),
    ),
  );
}

function optionalSet(n: number, members: readonly Buffer[]): Buffer[] {
  return members.length === 0 ? [] : [der.contextConstructed(n, ...members)];
}

const signedDataOid = der.oid(cmsOids.signedData);
const noSigners = der.setOf();
/** Version 1, no digest algorithms, id-data without content. */
const beforeCertificates = Buffer.concat([
  der.unsignedInteger(1),
  der.setOf(),
  der.sequence(der.oid(cmsOids.data)),
]);
