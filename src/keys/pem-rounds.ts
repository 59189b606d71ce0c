import { parseBer, tag, type BerNode } from '../asn1/index.js';
import type { PemBlock } from '../x509/index.js';
import { invalid } from './imported-identity.js';

/** As of a PFX file (pfx-rounds.ts): tools that ask for many ask for 600,000. OpenSSL hashes these in seconds. */
const mostRounds = 3_000_000;
/** N · r · p of scrypt: 32 times what OpenSSL asks for. It bounds memory itself, but not p. */
const mostScryptWork = 4_194_304;

const pbes2 = '1.2.840.113549.1.5.13';
const scrypt = '1.3.6.1.4.1.11591.4.11';

/**
 * An encrypted key in PKCS#8 says itself how often its passphrase is hashed. Looked at before it is: the
 * gateway does nothing else meanwhile, and 2^63 rounds never end.
 *
 * @throws GatewayError `config.invalid`
 */
export function requireFewKeyRounds({ label, der }: PemBlock): void {
  if (label !== 'ENCRYPTED PRIVATE KEY') return;
  let algorithm: BerNode;
  let rounds: bigint;
  try {
    algorithm = derivation(parseBer(der).child(0));
    rounds = roundsOf(algorithm);
  } catch (cause) {
    throw invalid('The encrypted private key is damaged.', 'Export it again.', cause);
  }
  const isScrypt = oidOf(algorithm) === scrypt;
  if (rounds <= (isScrypt ? mostScryptWork : mostRounds)) return;
  throw isScrypt
    ? invalid(
        `The private key asks for scrypt with N · r · p of ${rounds}, and ${mostScryptWork} is the most.`,
        'Encrypt it again, for example by openssl pkcs8 -topk8 -scrypt.',
      )
    : invalid(
        `The private key asks for ${rounds} rounds of its hash, and ${mostRounds} are the most.`,
        'Encrypt it again with fewer, for example by openssl pkcs8 -topk8 -iter 100000.',
      );
}

/** Of PBES2 what makes the key of the passphrase (RFC 8018 §A.4); older schemes are that themselves. */
function derivation(algorithm: BerNode): BerNode {
  return oidOf(algorithm) === pbes2 ? algorithm.child(1).child(0) : algorithm;
}

function oidOf(algorithm: BerNode): string {
  return algorithm.child(0).oid();
}

/** PBEParameter, PBKDF2-params (RFC 8018 §A), or scrypt-params (RFC 7914 §7). */
function roundsOf(algorithm: BerNode): bigint {
  const [, ...numbers] = algorithm.children[1]?.children ?? [];
  const factors = oidOf(algorithm) === scrypt ? numbers.slice(0, 3) : numbers.slice(0, 1);
  return factors
    .map((number) => unsigned(number.require(tag.integer)))
    .reduce((product, factor) => product * factor, 1n);
}

function unsigned(number: BerNode): bigint {
  return BigInt(`0x${number.integerBytes().toString('hex')}`);
}
