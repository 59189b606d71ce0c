import { createPublicKey, type KeyObject } from 'node:crypto';
import { GatewayError } from '../errors/index.js';
import { orderChain, type Certificate } from '../x509/index.js';

/** A private key from outside with its certificate and chain: of a CA, an RA, an agent or a TLS listener. */
export interface ImportedIdentity {
  /** PKCS#8, not encrypted: for `KeyStore.import` or a TLS context, nothing else. */
  readonly privateKeyPem: string;
  /** The key's own certificate first, then its issuers as far as they were given. */
  readonly certificates: readonly Certificate[];
}

/** What the key shall do: SCEP needs RSA, TLS and enrollment agents only sign. */
export type KeyPurpose = 'scep' | 'tls' | 'agent';

/** @throws GatewayError `config.invalid` unless one of the keys suits and belongs to one of the certificates */
export function pairUp(
  keys: readonly KeyObject[],
  certificates: readonly Certificate[],
  purpose: KeyPurpose,
): ImportedIdentity {
  if (keys.length === 0)
    throw invalid('There is no private key.', 'Export the certificate together with its key.');
  if (certificates.length === 0)
    throw invalid('There is no certificate.', 'Add the certificate of the key, in PEM form.');
  for (const key of keys) {
    const certificate = certificates.find((candidate) => belongs(key, candidate));
    if (certificate !== undefined) return identity(key, certificate, certificates, purpose);
  }
  throw invalid(
    'The private key belongs to none of the certificates.',
    `Give the key of ${certificates.map(({ subject }) => subject.text).join(' or ')}.`,
  );
}

function identity(
  key: KeyObject,
  certificate: Certificate,
  certificates: readonly Certificate[],
  purpose: KeyPurpose,
): ImportedIdentity {
  const { kind, bits, description } = certificate.publicKey;
  if (purpose !== 'scep' && (kind === 'other' || (kind === 'rsa' && bits < 2048)))
    throw invalid(
      `The key is ${description}.`,
      `${purpose === 'tls' ? 'TLS clients take' : 'Enrollment agents sign with'} RSA keys with 2048 bits or more, and EC keys on P-256, P-384 or P-521.`,
    );
  if (purpose === 'scep' && (kind !== 'rsa' || bits < 2048))
    throw invalid(
      `The key is ${description}.`,
      'SCEP needs RSA keys for the CA and the RA, with 2048 bits or more.',
    );
  return {
    privateKeyPem: key.export({ format: 'pem', type: 'pkcs8' }).toString(),
    certificates: orderChain(certificates, certificate),
  };
}

/**
 * By the numbers, not by the bytes of the SubjectPublicKeyInfo, which tools write differently. Keys of two
 * kinds are never compared: Node 20 leaves OpenSSL's complaint about that behind, and the next
 * `createPrivateKey` fails with it.
 */
function belongs(key: KeyObject, { publicKey }: Certificate): boolean {
  try {
    const own = createPublicKey(key);
    return kindOf(own) === kindOf(publicKey.keyObject) && own.equals(publicKey.keyObject);
  } catch {
    return false;
  }
}

function kindOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  return [asymmetricKeyType, asymmetricKeyDetails?.namedCurve].join();
}

export function invalid(message: string, mend: string, cause?: unknown): GatewayError {
  return new GatewayError('config.invalid', message, { mend, cause });
}
