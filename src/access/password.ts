/** Passwords at rest: scrypt (RFC 7914), encoded `scrypt$N$r$p$salt$hash`, salt and hash base64url. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { GatewayError } from '../errors/index.js';

interface PasswordHash {
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** About 0.3 s and 128 MiB. */
const strength = { cost: 2 ** 17, blockSize: 8, parallelization: 1 } as const;
const hashBytes = 32;
const mostMemory = 2 ** 29;

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, { ...strength, salt, hash: Buffer.alloc(hashBytes) });
  return encode({ ...strength, salt, hash });
}

/**
 * Compares in constant time; costs what the encoded parameters cost.
 * @throws GatewayError `config.invalid` when `encoded` is no scrypt hash
 */
export async function verifyPassword(password: string, encoded: string): Promise<boolean> {
  const expected = parsePasswordHash(encoded);
  return timingSafeEqual(await derive(password, expected), expected.hash);
}

/** A hash no password has, as costly to check as a real one: what unknown accounts are checked against. */
export function unmatchableHash(): string {
  return encode({ ...strength, salt: randomBytes(16), hash: randomBytes(hashBytes) });
}

/** @throws GatewayError `config.invalid` */
export function parsePasswordHash(encoded: string): PasswordHash {
  const match =
    /^scrypt\$(\d{1,8})\$(\d{1,3})\$(\d{1,3})\$([A-Za-z0-9_-]{11,})\$([A-Za-z0-9_-]{22,})$/.exec(
      encoded,
    );
  const [, n = '', r = '', p = '', salt = '', hash = ''] = match ?? [];
  const parsed = {
    cost: Number(n),
    blockSize: Number(r),
    parallelization: Number(p),
    salt: Buffer.from(salt, 'base64url'),
    hash: Buffer.from(hash, 'base64url'),
  };
  if (!match || !isSane(parsed)) {
    throw new GatewayError('config.invalid', 'A password hash cannot be read.', {
      mend: 'Make it with `scep-gateway account hash`: scrypt$N$r$p$salt$hash.',
    });
  }
  return parsed;
}

function isSane({ cost, blockSize, parallelization }: PasswordHash): boolean {
  return (
    cost >= 2 ** 14 &&
    Number.isInteger(Math.log2(cost)) &&
    blockSize >= 1 &&
    parallelization >= 1 &&
    parallelization <= 16 &&
    memory(cost, blockSize, parallelization) <= mostMemory
  );
}

function derive(password: string, parameters: PasswordHash): Promise<Buffer> {
  const { cost, blockSize, parallelization, salt, hash } = parameters;
  const maxmem = memory(cost, blockSize, parallelization) + 2 ** 20;
  return new Promise((resolve, reject) => {
    scrypt(
      password.normalize('NFC'),
      salt,
      hash.length,
      { N: cost, r: blockSize, p: parallelization, maxmem },
      (error, key) => (error ? reject(error) : resolve(key)),
    );
  });
}

function memory(cost: number, blockSize: number, parallelization: number): number {
  return 128 * blockSize * (cost + parallelization + 2);
}

function encode({ cost, blockSize, parallelization, salt, hash }: PasswordHash): string {
  const parameters = `${cost}$${blockSize}$${parallelization}`;
  return `scrypt$${parameters}$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}
