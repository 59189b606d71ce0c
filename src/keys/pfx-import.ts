import { createPrivateKey, type KeyObject } from 'node:crypto';
import type * as Forge from 'node-forge';
import { GatewayError } from '../errors/index.js';
import { Certificate } from '../x509/index.js';
import { requireFewRounds } from './pfx-rounds.js';
import { invalid, pairUp, type ImportedIdentity, type KeyPurpose } from './imported-identity.js';

type Pfx = Forge.pkcs12.Pkcs12Pfx;
type Bag = Forge.pkcs12.Bag;

/**
 * A CA, an RA or a TLS listener from a PKCS#12 file: what OpenSSL 3, Windows and older tools (RC2, 3DES) write. Through
 * node-forge, loaded only here: OpenSSL refuses the old ciphers, and pkijs does not know them.
 *
 * @throws GatewayError `config.invalid`, or `keys.passphrase` for a wrong passphrase
 */
export async function importPfx(
  bytes: Buffer,
  passphrase: string | undefined,
  purpose: KeyPurpose = 'scep',
): Promise<ImportedIdentity> {
  const { default: forge } = await import('node-forge');
  const file = parse(forge, bytes);
  const secret = passphrase ?? '';
  requireFewRounds(forge, file, new Set([secret, forge.util.encodeUtf8(secret)]));
  const pfx = open(forge, file, secret);
  const bags = pfx.safeContents.flatMap(({ safeBags }) => safeBags);
  const { keyBag, pkcs8ShroudedKeyBag, certBag } = forge.pki.oids;
  const ofType = (...types: (string | undefined)[]): Bag[] =>
    bags.filter(({ type }) => types.includes(type));
  try {
    return pairUp(
      ofType(keyBag, pkcs8ShroudedKeyBag).map((bag) => readKey(forge, bag)),
      ofType(certBag).map((bag) => readCertificate(forge, bag)),
      purpose,
    );
  } catch (cause) {
    if (cause instanceof GatewayError && cause.code === 'config.invalid') throw cause;
    throw unreadable(cause);
  }
}

function parse(forge: typeof Forge, bytes: Buffer): Forge.asn1.Asn1 {
  try {
    return forge.asn1.fromDer(forge.util.createBuffer(bytes.toString('latin1')));
  } catch (cause) {
    throw unreadable(cause);
  }
}

/**
 * PKCS#12 hashes a passphrase as UTF-16 for its MAC and its old ciphers, but as UTF-8 for PBES2. Forge
 * takes one string for both, so beyond ASCII PBES2 is tried without the MAC; that the key fits the
 * certificate then shows that nothing was altered.
 */
function open(forge: typeof Forge, asn1: Forge.asn1.Asn1, passphrase: string): Pfx {
  const [version, safe, macData] = Array.isArray(asn1.value) ? asn1.value : [];
  const attempts: (() => Pfx)[] = [() => forge.pkcs12.pkcs12FromAsn1(asn1, false, passphrase)];
  if (passphrase === '') attempts.push(() => forge.pkcs12.pkcs12FromAsn1(asn1, false));
  if (/[^ -~]/.test(passphrase) && typeof version === 'object' && typeof safe === 'object') {
    const withoutMac = { ...asn1, value: [version, safe] };
    const utf8 = forge.util.encodeUtf8(passphrase);
    attempts.push(() => forge.pkcs12.pkcs12FromAsn1(withoutMac, false, utf8));
  }
  let failure: unknown;
  for (const attempt of attempts) {
    try {
      return attempt();
    } catch (cause) {
      failure ??= cause;
    }
  }
  throw notOpened(failure, { hasMac: macData !== undefined });
}

/** Without a MAC, what a wrong passphrase makes of the file may, one time in 256, fail as anything. */
function notOpened(cause: unknown, { hasMac }: { readonly hasMac: boolean }): GatewayError {
  const message = cause instanceof Error ? cause.message : '';
  const isPfx = hasMac ? /password|MAC|decrypt/i.test(message) : !/^Cannot read/.test(message);
  if (!isPfx) return unreadable(cause);
  return new GatewayError('keys.passphrase', 'The passphrase does not open the PFX file.', {
    cause,
    mend: 'Check the secret that `passphrase` refers to.',
  });
}

/** Forge reads RSA keys itself and leaves others as PrivateKeyInfo. */
function readKey(forge: typeof Forge, { key, asn1 }: Bag): KeyObject {
  const info = key ? forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(key)) : asn1;
  return createPrivateKey({ key: toBuffer(forge, info), format: 'der', type: 'pkcs8' });
}

/** Forge keeps the signed part of a certificate as it was read, so the bytes stay the same. */
function readCertificate(forge: typeof Forge, { cert, asn1 }: Bag): Certificate {
  return Certificate.fromDer(toBuffer(forge, cert ? forge.pki.certificateToAsn1(cert) : asn1));
}

function toBuffer(forge: typeof Forge, asn1: Forge.asn1.Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'latin1');
}

function unreadable(cause: unknown): GatewayError {
  return invalid(
    'The PFX file cannot be read.',
    'Export it again with its private key, or give PEM files as `certificate` and `key`.',
    cause,
  );
}
