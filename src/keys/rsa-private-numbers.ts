import { createPrivateKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { GatewayError } from '../errors/index.js';
import type { RsaPrivateNumbers } from '../pkcs11/index.js';

/** @throws GatewayError `config.invalid` for what is no RSA key */
export function readRsaPkcs8(name: string, pem: string): KeyObject {
  const key = readPkcs8(name, pem);
  if (key.asymmetricKeyType === 'rsa') return key;
  throw new GatewayError('config.invalid', `The private key ${name} is not an RSA key.`, {
    mend: 'SCEP needs RSA keys for the CA and the RA.',
  });
}

function readPkcs8(name: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new GatewayError('config.invalid', `The private key ${name} cannot be read.`, { cause });
  }
}

const number = z.base64url().transform((text) => Buffer.from(text, 'base64url'));

/** RFC 7518, section 6.3 */
const jwk = z.object({
  n: number,
  e: number,
  d: number,
  p: number,
  q: number,
  dp: number,
  dq: number,
  qi: number,
});

export function rsaPrivateNumbers(key: KeyObject): RsaPrivateNumbers {
  const { n, e, d, p, q, dp, dq, qi } = jwk.parse(key.export({ format: 'jwk' }));
  return {
    modulus: n,
    publicExponent: e,
    privateExponent: d,
    prime1: p,
    prime2: q,
    exponent1: dp,
    exponent2: dq,
    coefficient: qi,
  };
}
