/** keyEncryptionAlgorithm of a KeyTransRecipientInfo (RFC 3370 §4.2.1, RFC 4055 §4.1). */
import { der, tag, type BerNode } from '../asn1/index.js';
import { isGatewayError } from '../errors/index.js';
import { algorithmWithNull } from '../x509/index.js';
import { algorithmOid, readHashAndMask, writeDigest } from './algorithm-identifier.js';
import { cmsOids, type DigestAlgorithm } from './algorithms.js';
import { malformed } from './cms-error.js';
import type { RsaKeyTransport } from './codec.js';

/** Undefined for a transport the gateway cannot use, an unknown OAEP digest included. */
export function readKeyTransport(node: BerNode): RsaKeyTransport | undefined {
  switch (algorithmOid(node)) {
    case cmsOids.rsaEncryption:
      return { kind: 'rsaes-pkcs1-v1_5' };
    case cmsOids.rsaesOaep:
      return readOaep(node);
    default:
      return undefined;
  }
}

/**
 * OAEP parameters are always there: .NET refuses absent ones, and NDES itself writes an empty SEQUENCE
 * for the SHA-1 defaults (W2 and W3 of the interop notes).
 */
export function writeKeyTransport(transport: RsaKeyTransport): Buffer {
  if (transport.kind === 'rsaes-pkcs1-v1_5') return algorithmWithNull(cmsOids.rsaEncryption);
  const { digest, mgfDigest, label } = transport;
  return der.sequence(
    der.oid(cmsOids.rsaesOaep),
    der.sequence(
      ...unlessSha1(digest, der.contextConstructed(0, writeDigest(digest))),
      ...unlessSha1(mgfDigest, der.contextConstructed(1, writeMgf1(mgfDigest))),
      ...(label.length === 0 ? [] : [der.contextConstructed(2, writeLabel(label))]),
    ),
  );
}

function readOaep(node: BerNode): RsaKeyTransport | undefined {
  try {
    const { digest, mgfDigest, parameters } = readHashAndMask(node);
    const label = readLabel(parameters?.find(tag.contextConstructed(2))?.child(0));
    return { kind: 'rsaes-oaep', digest, mgfDigest, label };
  } catch (error) {
    if (isGatewayError(error) && error.code === 'cms.algorithm') return undefined;
    throw error;
  }
}

/** pSourceAlgorithm: absent is pSpecified with an empty label. */
function readLabel(source: BerNode | undefined): Buffer {
  if (source === undefined) return Buffer.alloc(0);
  if (algorithmOid(source) !== pSpecified) throw malformed('unknown OAEP label source');
  return source.expect(1, tag.octetString).octets();
}

function writeLabel(label: Buffer): Buffer {
  return der.sequence(der.oid(pSpecified), der.octetString(label));
}

function writeMgf1(digest: DigestAlgorithm): Buffer {
  return der.sequence(der.oid(cmsOids.mgf1), writeDigest(digest));
}

function unlessSha1(digest: DigestAlgorithm, field: Buffer): Buffer[] {
  return digest === 'sha1' ? [] : [field];
}

const pSpecified = '1.2.840.113549.1.1.9';
