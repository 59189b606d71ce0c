/**
 * Key transport: a content key under an RSA key, RSAES-PKCS1-v1_5 or RSAES-OAEP (RFC 8017 §7).
 *
 * Unwrapping never says whether it succeeded. A ciphertext that does not unpad gives a substitute key,
 * always the same for that ciphertext (implicit rejection, draft-irtf-cfrg-rsa-guidance), and the content
 * decryption that follows fails as it would with any wrong key. One code path on every Node, because
 * Node 20 refuses RSA_PKCS1_PADDING and a PKCS#11 key has only the raw operation.
 */
import { constants, createHmac, publicEncrypt } from 'node:crypto';
import { isGatewayError } from '../errors/index.js';
import type { DecryptionKey, PublicKey } from '../x509/index.js';
import type { RsaKeyTransport } from './codec.js';
import { unusableRecipient } from './cms-error.js';
import { decodeOaep, encodeOaep } from './oaep.js';
import { selectBytes, zeroMask } from './constant-time.js';

/**
 * The content key, or its substitute: `keyLength` octets (at most 32) either way. Rejects only when the
 * key cannot be reached (a GatewayError of the key), never for what the ciphertext holds.
 */
export async function unwrapContentKey(
  key: DecryptionKey,
  transport: RsaKeyTransport,
  encryptedKey: Buffer,
  keyLength: number,
): Promise<Buffer> {
  const substitute = createHmac('sha256', key.rejectionSecret())
    .update(encryptedKey)
    .digest()
    .subarray(0, keyLength);
  const encoded = await rawDecrypt(key, encryptedKey);
  if (encoded === undefined) return substitute;
  return transport.kind === 'rsaes-oaep'
    ? decodeOaep(encoded, transport, substitute)
    : decodePkcs1(encoded, substitute);
}

export function wrapContentKey(
  recipient: PublicKey,
  transport: RsaKeyTransport,
  contentKey: Buffer,
): Buffer {
  if (recipient.kind !== 'rsa') throw unusableRecipient(recipient.description);
  const key = recipient.keyObject;
  if (transport.kind === 'rsaes-pkcs1-v1_5')
    return publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, contentKey);
  const encoded = encodeOaep(contentKey, transport, modulusOctets(recipient));
  if (encoded === undefined) throw unusableRecipient(`${recipient.description} with OAEP`);
  return publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded);
}

/** The modulus-sized encoded message; undefined where length or range already rule the ciphertext out. */
async function rawDecrypt(key: DecryptionKey, encryptedKey: Buffer): Promise<Buffer | undefined> {
  const size = modulusOctets(key.publicKey);
  if (encryptedKey.length !== size) return undefined;
  let raw: Buffer;
  try {
    raw = await key.rawDecrypt(encryptedKey);
  } catch (error) {
    if (isGatewayError(error)) throw error;
    return undefined;
  }
  if (raw.length > size) return undefined;
  return raw.length === size ? raw : Buffer.concat([Buffer.alloc(size - raw.length), raw]);
}

/**
 * EM = 00 02 PS 00 key (RFC 8017 §7.2.2). The length of the key is known from the content cipher, so
 * the one place of the separator is too, and nothing has to be searched for.
 */
function decodePkcs1(encoded: Buffer, substitute: Buffer): Buffer {
  const separator = encoded.length - substitute.length - 1;
  if (separator < 2 + 8) return substitute;
  let bad = encoded.readUInt8(0) | (encoded.readUInt8(1) ^ 0x02) | encoded.readUInt8(separator);
  for (let at = 2; at < separator; at++) bad |= zeroMask(encoded.readUInt8(at));
  return selectBytes(zeroMask(bad), encoded.subarray(separator + 1), substitute);
}

function modulusOctets(key: PublicKey): number {
  return (key.bits + 7) >> 3;
}
