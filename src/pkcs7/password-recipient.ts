/**
 * PasswordRecipientInfo (RFC 5652 §6.2.4): how a CertRep reaches a client whose key cannot decrypt
 * (EC), with the challengePassword as the password (RFC 8894 §3.1). PBKDF2 (RFC 8018 §5.2) into
 * id-alg-PWRI-KEK: the pair `openssl cms -pwri_password` reads and writes.
 */
import { pbkdf2 as pbkdf2WithCallback } from 'node:crypto';
import { promisify } from 'node:util';
import { der, tag, type BerNode } from '../asn1/index.js';
import { isGatewayError } from '../errors/index.js';
import { algorithmWithNull } from '../x509/index.js';
import { algorithmOid, readCipher, writeCipher } from './algorithm-identifier.js';
import { ciphers, cmsOids, type ContentCipher } from './algorithms.js';
import { malformed } from './cms-error.js';
import { unwrapKey, wrapKey, type KeyEncryption } from './pwri-kek.js';

export interface PasswordRecipient {
  readonly derivation: KeyDerivation;
  readonly keyEncryption: KeyEncryption;
  readonly encryptedKey: Buffer;
}

interface KeyDerivation {
  readonly salt: Buffer;
  readonly iterations: number;
  readonly prf: 'sha1' | 'sha256' | 'sha384' | 'sha512';
}

/** What a peer may make us spend on one derivation: about 50 ms off the event loop. */
const maxIterations = 100_000;
/** A challenge is random or short-lived; this only slows down guessing at a recorded reply. */
const writtenIterations = 10_000;

/**
 * The content of `[3]` PasswordRecipientInfo; undefined for derivations and key encryptions the gateway
 * does not do, excessive iteration counts included.
 * @throws GatewayError `asn1.malformed`, `cms.malformed`
 */
export function readPasswordRecipient(node: BerNode): PasswordRecipient | undefined {
  const derivationNode = node.find(tag.contextConstructed(0));
  if (derivationNode === undefined) return undefined;
  const derivation = readDerivation(derivationNode);
  const keyEncryption = readKeyEncryption(node.child(2));
  if (derivation === undefined || keyEncryption === undefined) return undefined;
  return { derivation, keyEncryption, encryptedKey: node.expect(3, tag.octetString).octets() };
}

/** Undefined for a wrong password. */
export async function unwrapWithPassword(
  { derivation, keyEncryption, encryptedKey }: PasswordRecipient,
  password: string,
): Promise<Buffer | undefined> {
  return unwrapKey(
    keyEncryption,
    await deriveKey(derivation, password, keyEncryption.cipher),
    encryptedKey,
  );
}

/** DER `[3]` PasswordRecipientInfo; the key encryption is as strong as the content cipher. */
export async function writePasswordRecipient(
  password: string,
  contentKey: Buffer,
  contentCipher: ContentCipher,
  randomBytes: (size: number) => Buffer,
): Promise<Buffer> {
  const cipher = contentCipher === 'des-cbc' ? 'des-ede3-cbc' : contentCipher;
  const keyEncryption = { cipher, iv: randomBytes(ciphers[cipher].ivLength) } as const;
  const derivation = {
    salt: randomBytes(16),
    iterations: writtenIterations,
    prf: 'sha256',
  } as const;
  const kek = await deriveKey(derivation, password, cipher);
  return der.contextConstructed(
    3,
    der.unsignedInteger(0),
    writeDerivation(derivation),
    der.sequence(der.oid(cmsOids.pwriKek), writeCipher(keyEncryption)),
    der.octetString(wrapKey(keyEncryption, kek, contentKey, randomBytes)),
  );
}

function deriveKey(
  { salt, iterations, prf }: KeyDerivation,
  password: string,
  cipher: KeyEncryption['cipher'],
): Promise<Buffer> {
  return pbkdf2(Buffer.from(password, 'utf8'), salt, iterations, ciphers[cipher].keyLength, prf);
}

const pbkdf2 = promisify(pbkdf2WithCallback);

/** `[0]` IMPLICIT AlgorithmIdentifier with PBKDF2-params. */
function readDerivation(node: BerNode): KeyDerivation | undefined {
  if (node.child(0).oid() !== cmsOids.pbkdf2) return undefined;
  const parameters = node.expect(1, tag.sequence);
  const prfNode = parameters.find(tag.sequence);
  const prf = prfNode === undefined ? 'sha1' : prfs.get(algorithmOid(prfNode));
  const iterations = parameters.child(1).smallInteger();
  if (iterations < 1) throw malformed('PBKDF2 iteration count');
  if (prf === undefined || iterations > maxIterations) return undefined;
  return { salt: parameters.expect(0, tag.octetString).octets(), iterations, prf };
}

/** HMAC-SHA256; keyLength is left out: the cipher tells it, and OpenSSL compares it. */
function writeDerivation({ salt, iterations }: KeyDerivation): Buffer {
  return der.contextConstructed(
    0,
    der.oid(cmsOids.pbkdf2),
    der.sequence(
      der.octetString(salt),
      der.unsignedInteger(iterations),
      algorithmWithNull(hmacWithSha256),
    ),
  );
}

function readKeyEncryption(node: BerNode): KeyEncryption | undefined {
  if (algorithmOid(node) !== cmsOids.pwriKek) return undefined;
  try {
    const { cipher, iv } = readCipher(node.child(1));
    return cipher === 'des-cbc' ? undefined : { cipher, iv };
  } catch (error) {
    if (isGatewayError(error) && error.code === 'cms.algorithm') return undefined;
    throw error;
  }
}

const hmacWithSha256 = '1.2.840.113549.2.9';

/** HMAC digests of PBKDF2 (RFC 8018 appendix B.1). */
const prfs: ReadonlyMap<string, KeyDerivation['prf']> = new Map([
  ['1.2.840.113549.2.7', 'sha1'],
  [hmacWithSha256, 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
]);
