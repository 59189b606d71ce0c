/** CSRs that prove possession of keys nobody should have certified. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { der, parseBer } from '../../src/asn1/index.js';
import { testKey } from '../support/keys.js';
import { distinguishedName } from '../support/certificates.js';
import { staticSecret, subject } from './maker.js';

/** Whoever makes up a modulus can sign under exponent 1: the signature is the padded digest itself. */
export function exponentOneRequest(): Buffer {
  const { spki } = testKey('client').publicKey;
  const modulus = parseBer(parseBer(spki).child(1).bits()).child(0);
  const algorithm = der.sequence(der.oid('1.2.840.113549.1.1.1'), der.nul());
  const key = der.sequence(modulus.raw, der.unsignedInteger(1));
  const info = requestInfo(der.sequence(algorithm, der.bitString(key)));
  return der.sequence(
    info,
    der.sequence(der.oid('1.2.840.113549.1.1.11'), der.nul()),
    der.bitString(padded(info, 256)),
  );
}

export function ed25519Request(): Buffer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const info = requestInfo(publicKey.export({ type: 'spki', format: 'der' }));
  return der.sequence(
    info,
    der.sequence(der.oid('1.3.101.112')),
    der.bitString(sign(null, info, privateKey)),
  );
}

function requestInfo(spki: Buffer): Buffer {
  const challenge = der.sequence(
    der.oid('1.2.840.113549.1.9.7'),
    der.setOf(der.utf8String(staticSecret)),
  );
  return der.sequence(
    der.unsignedInteger(0),
    distinguishedName(subject),
    spki,
    der.contextConstructed(0, challenge),
  );
}

/** EMSA-PKCS1-v1_5 (RFC 8017 §9.2) with SHA-256. */
function padded(message: Buffer, length: number): Buffer {
  const digest = createHash('sha256').update(message).digest();
  const info = der.sequence(
    der.sequence(der.oid('2.16.840.1.101.3.4.2.1'), der.nul()),
    der.octetString(digest),
  );
  const filling = Buffer.alloc(length - info.length - 3, 0xff);
  return Buffer.concat([Buffer.from([0, 1]), filling, Buffer.from([0]), info]);
}
