/**
 * Certification requests that others sign with: CMS round the PKCS#10 (MS-WCCE §3.1.1.4.3.3.2), and a
 * full PKI request of CMC (RFC 5272 §3.2, MS-WCCE §3.1.1.4.3.1.3).
 */
import { der } from '../asn1/index.js';
import {
  writeExtensions,
  type Certificate,
  type Extension,
  type SigningKey,
} from '../x509/index.js';
import { cmsOids, type DigestAlgorithm } from './algorithms.js';
import { writeIssuerAndSerial } from './certificate-identifier.js';
import {
  writeNoSignature,
  writeSignedAttributes,
  writeSignedData,
  writeSignerInfo,
} from './signer-info.js';

export interface CoSigner {
  readonly certificate: Certificate;
  readonly key: SigningKey;
  /** Its issuers, as far as they are sent along. */
  readonly chain: readonly Certificate[];
}

/** DER ContentInfo round the DER of the PKCS#10, which stays as it is. */
export async function coSignedRequest(csr: Buffer, signers: readonly CoSigner[]): Promise<Buffer> {
  const attributes = writeSignedAttributes(cmsOids.data, csr, digest);
  const signerInfos = await signed(attributes, signers);
  return writeSignedData({
    contentType: cmsOids.data,
    content: csr,
    digest,
    certificates: certificatesOf(signers),
    signerInfos: [...signerInfos].sort((a, b) => Buffer.compare(a, b)),
  });
}

export interface CmcRequest {
  /** PKCS#10, DER; stays as it is. */
  readonly csr: Buffer;
  /** Of the key in the PKCS#10, SHA-1 (RFC 5280 §4.2.1.2 method 1). */
  readonly keyIdentifier: Buffer;
  /** What the signers want in the certificate besides. */
  readonly extensions: readonly Extension[];
}

/**
 * DER ContentInfo with PKIData. The first signerInfo stands for the requester (MS-WCCE demands one): no
 * signature, because the key is on the device, which has proved its possession in the PKCS#10.
 */
export async function coSignedCmc(
  { csr, keyIdentifier, extensions }: CmcRequest,
  signers: readonly CoSigner[],
): Promise<Buffer> {
  const content = writePkiData(csr, extensions);
  const attributes = writeSignedAttributes(cmsOids.pkiData, content, digest);
  const signerInfos = await signed(attributes, signers);
  return writeSignedData({
    contentType: cmsOids.pkiData,
    content,
    digest,
    certificates: certificatesOf(signers),
    // The first is shorter than any with a signature, so this is the order of DER as well.
    signerInfos: [
      writeNoSignature(keyIdentifier, digest, attributes),
      ...[...signerInfos].sort((a, b) => Buffer.compare(a, b)),
    ],
  });
}

/** What every version of Windows Server in support verifies. */
const digest: DigestAlgorithm = 'sha256';

function signed(attributes: Buffer, signers: readonly CoSigner[]): Promise<Buffer[]> {
  return Promise.all(
    signers.map(({ key, certificate }) =>
      writeSignerInfo(key, writeIssuerAndSerial(certificate), digest, attributes),
    ),
  );
}

/** PKIData (RFC 5272 §3.2.1): the request is body part 1, the control that adds to it 2; 0 is the whole. */
function writePkiData(csr: Buffer, extensions: readonly Extension[]): Buffer {
  const certificationRequest = der.contextConstructed(0, der.unsignedInteger(1), csr);
  const controls = extensions.length === 0 ? [] : [addExtensions(extensions)];
  return der.sequence(
    der.sequence(...controls),
    der.sequence(certificationRequest),
    der.sequence(),
    der.sequence(),
  );
}

/** Add Extensions control (RFC 5272 §6.5.2). */
function addExtensions(extensions: readonly Extension[]): Buffer {
  return der.sequence(
    der.unsignedInteger(2),
    der.oid(cmsOids.addExtensions),
    der.setOf(
      der.sequence(
        der.unsignedInteger(0),
        der.sequence(der.unsignedInteger(1)),
        writeExtensions(extensions),
      ),
    ),
  );
}

/** Each once: two signers may have one issuer. */
function certificatesOf(signers: readonly CoSigner[]): Certificate[] {
  const all = signers.flatMap(({ certificate, chain }) => [certificate, ...chain]);
  const byBytes = new Map(all.map((each) => [each.thumbprints.sha256, each]));
  return [...byBytes.values()];
}
