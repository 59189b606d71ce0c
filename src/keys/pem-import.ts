import { createPrivateKey, type KeyObject } from 'node:crypto';
import { GatewayError } from '../errors/index.js';
import { Certificate, readPem, type PemBlock } from '../x509/index.js';
import { invalid, pairUp, type ImportedIdentity, type KeyPurpose } from './imported-identity.js';
import { requireFewKeyRounds } from './pem-rounds.js';
import { systemErrorCode } from './system-error.js';

/** Texts of PEM files; key and certificates may stand in either, or both in one. */
export interface PemFiles {
  readonly certificate: string;
  readonly key: string;
  readonly passphrase?: string | undefined;
}

/**
 * A CA, an RA or a TLS listener from PEM files: the key as PKCS#8 or PKCS#1, encrypted or not; certificates in any order.
 *
 * @throws GatewayError `config.invalid`, or `keys.passphrase` for a wrong passphrase
 */
export function importPem(
  { certificate, key, passphrase }: PemFiles,
  purpose: KeyPurpose = 'scep',
): ImportedIdentity {
  const blocks = [...read(certificate, 'certificate'), ...read(key, 'key')];
  return pairUp(
    blocks.filter(({ label }) => label.endsWith('PRIVATE KEY')).map((b) => readKey(b, passphrase)),
    certificatesIn(blocks),
    purpose,
  );
}

/** Certificates of a PEM file whose key is elsewhere. @throws GatewayError `config.invalid` */
export function importedCertificates(text: string): Certificate[] {
  return certificatesIn(read(text, 'certificate'));
}

function certificatesIn(blocks: readonly PemBlock[]): Certificate[] {
  return blocks.filter(({ label }) => /^(X509 )?CERTIFICATE$/.test(label)).map(readCertificate);
}

function read(text: string, what: string): PemBlock[] {
  try {
    return readPem(text);
  } catch (cause) {
    throw invalid(`The ${what} file is not PEM.`, 'Give a file with -----BEGIN … lines.', cause);
  }
}

function readCertificate({ der }: PemBlock): Certificate {
  try {
    return Certificate.fromDer(der);
  } catch (cause) {
    throw invalid('A certificate in the PEM file is damaged.', 'Export it again.', cause);
  }
}

function readKey(block: PemBlock, passphrase: string | undefined): KeyObject {
  const encrypted = /^ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(`${block.label}\n${block.text}`);
  if (encrypted && (passphrase === undefined || passphrase === ''))
    throw invalid('The private key is encrypted.', 'Set `passphrase` beside `key`.');
  requireFewKeyRounds(block);
  try {
    return createPrivateKey({ key: block.text, format: 'pem', ...(encrypted && { passphrase }) });
  } catch (cause) {
    throw encrypted ? notDecrypted(cause) : damaged(cause);
  }
}

/**
 * A wrong passphrase leaves bad padding or, one time in 256, bytes that are no key: ERR_OSSL_UNSUPPORTED of
 * OpenSSL's decoders, where a cipher it gave up is that of its envelopes.
 */
function notDecrypted(cause: unknown): GatewayError {
  if (systemErrorCode(cause) === 'ERR_OSSL_EVP_UNSUPPORTED')
    return invalid(
      'The private key is encrypted with a cipher that OpenSSL no longer opens.',
      'Write it anew with `openssl pkcs8 -topk8 -provider legacy -provider default`.',
      cause,
    );
  return new GatewayError('keys.passphrase', 'The passphrase does not open the private key.', {
    cause,
    mend: 'Check the secret that `passphrase` refers to.',
  });
}

function damaged(cause: unknown): GatewayError {
  return invalid('The private key cannot be read.', 'Give it as PKCS#8 or PKCS#1 PEM.', cause);
}
