import { createPrivateKey } from 'node:crypto';
import { GatewayError } from '../../errors/index.js';
import {
  extensionOids,
  orderChain,
  PublicKey,
  readBasicConstraints,
  readKeyUsage,
  type Certificate,
  type KeyUsage,
  type RsaKey,
} from '../../x509/index.js';
import type { RaPurpose } from '../ra-keeper.js';
import type { AuthorityKeys, ImportedKeyPair } from './local-authority.types.js';

/** An import that was looked at: certificate and key belong together and can do what they are for. */
export interface CheckedKeyPair {
  readonly certificate: Certificate;
  /** Nearest first, as far as the import carries it. */
  readonly above: readonly Certificate[];
  /** Gives the private key this name in the key store. */
  readonly keep: (store: AuthorityKeys, name: string) => Promise<RsaKey>;
  /** As computed from the private key: tools write the SubjectPublicKeyInfo of a certificate differently. */
  readonly publicKey: PublicKey;
}

/** @throws GatewayError `config.invalid` */
export function checkImportedCa(imported: ImportedKeyPair, now: Date): CheckedKeyPair {
  const pair = checkKeyPair('CA', imported, now);
  const constraints = pair.certificate.extension(extensionOids.basicConstraints);
  if (!constraints || !readBasicConstraints(constraints).ca) {
    throw invalid(
      `The certificate ${pair.certificate.subject.text} is no CA certificate (basicConstraints).`,
      'Import a certificate that was issued to a CA.',
    );
  }
  if (!allows(pair.certificate, 'keyCertSign')) {
    throw invalid(
      `The CA certificate ${pair.certificate.subject.text} must not sign certificates (keyUsage).`,
      'Import a CA certificate whose keyUsage has keyCertSign and cRLSign.',
    );
  }
  return pair;
}

/**
 * One pair for both, or two whose keyUsage tells which is which.
 *
 * @throws GatewayError `config.invalid`
 */
export function checkImportedRa(
  imported: readonly ImportedKeyPair[],
  now: Date,
): { readonly signing: CheckedKeyPair; readonly encryption: CheckedKeyPair } {
  const pairs = imported.map((pair) => checkKeyPair('RA', pair, now));
  const [first, second] = pairs;
  if (first === undefined || pairs.length > 2) {
    throw invalid(
      `${pairs.length} RA certificates were given.`,
      'Import one RA certificate for both usages, or two: signing and encryption.',
    );
  }
  for (const [signing, encryption] of second
    ? ([
        [first, second],
        [second, first],
      ] as const)
    : ([[first, first]] as const)) {
    if (
      allows(signing.certificate, 'digitalSignature') &&
      allows(encryption.certificate, 'keyEncipherment')
    )
      return { signing, encryption };
  }
  throw invalid(
    'The RA certificates cannot both sign replies and open requests.',
    'Between them, their keyUsage must have digitalSignature and keyEncipherment.',
  );
}

/** @throws GatewayError `config.invalid` for a certificate that cannot do what it was asked for */
export function checkRaUsage(certificate: Certificate, purpose: RaPurpose, now: Date): void {
  const needed = {
    signing: ['digitalSignature'],
    encryption: ['keyEncipherment'],
    both: ['digitalSignature', 'keyEncipherment'],
  } as const satisfies Record<RaPurpose, readonly KeyUsage[]>;
  const { subject, notBefore, notAfter } = certificate;
  const missing = needed[purpose].filter((usage) => !allows(certificate, usage));
  if (missing.length > 0) {
    throw invalid(
      `The RA certificate ${subject.text} lacks the keyUsage ${missing.join(' and ')}.`,
      'Have it issued from a template with that key usage.',
    );
  }
  if (notAfter <= now || notBefore > now) {
    throw invalid(
      `The RA certificate ${subject.text} is valid from ${notBefore.toISOString()} to ${notAfter.toISOString()}, not now.`,
      'Look at the clocks of this machine and of the CA.',
    );
  }
}

function checkKeyPair(role: 'CA' | 'RA', imported: ImportedKeyPair, now: Date): CheckedKeyPair {
  const { publicKey, keep } = privateKeyOf(role, imported);
  const certificate = imported.certificates.find((one) => isSameKey(one.publicKey, publicKey));
  if (certificate === undefined) {
    throw invalid(
      `The ${role} private key belongs to none of the certificates that came with it.`,
      'Import the certificate and the key that were made together.',
    );
  }
  const { subject, notBefore, notAfter } = certificate;
  if (publicKey.kind !== 'rsa' || ![2048, 3072, 4096].includes(publicKey.bits)) {
    throw invalid(
      `The ${role} key of ${subject.text} is ${publicKey.description}.`,
      'SCEP clients need RSA here: import a key of 2048, 3072 or 4096 bits.',
    );
  }
  if (notAfter <= now || notBefore > now) {
    throw invalid(
      `The ${role} certificate ${subject.text} is valid from ${notBefore.toISOString()} to ${notAfter.toISOString()}, not now.`,
      'Import a certificate that is valid; look at the clock of this machine as well.',
    );
  }
  const [, ...above] = orderChain(imported.certificates, certificate);
  return { certificate, above, keep, publicKey };
}

function privateKeyOf(
  role: string,
  imported: ImportedKeyPair,
): Pick<CheckedKeyPair, 'publicKey' | 'keep'> {
  if ('keyInPlace' in imported) {
    const { publicKey, adopt } = imported.keyInPlace;
    return { publicKey, keep: (_store, name) => adopt(name) };
  }
  try {
    const key = createPrivateKey(imported.privateKeyPem);
    const pkcs8Pem = key.export({ format: 'pem', type: 'pkcs8' }).toString();
    return {
      publicKey: PublicKey.fromKeyObject(key),
      keep: (store, name) => store.import(name, pkcs8Pem),
    };
  } catch {
    // The cause is left out: it may quote the key.
    throw invalid(
      `The private key of the imported ${role} cannot be read.`,
      'It must be PKCS#8 or PKCS#1 PEM; check its passphrase.',
    );
  }
}

/** By the numbers: encodings of one key may differ. */
export function isSameKey(a: PublicKey, b: PublicKey): boolean {
  return a.id === b.id || (a.kind === 'rsa' && b.kind === 'rsa' && a.keyObject.equals(b.keyObject));
}

/** Without keyUsage a certificate is good for anything (RFC 5280 §4.2.1.3). */
function allows(certificate: Certificate, usage: KeyUsage): boolean {
  const extension = certificate.extension(extensionOids.keyUsage);
  return extension === undefined || readKeyUsage(extension).includes(usage);
}

function invalid(message: string, mend: string): GatewayError {
  return new GatewayError('config.invalid', message, { mend });
}
