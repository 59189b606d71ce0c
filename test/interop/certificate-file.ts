/** Certificates as files on disk, read with OpenSSL's eyes (node:crypto) and not with ours. */
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { Gateway } from './gateway.js';
import { mustRun } from './programs.js';

export function readCertificate(path: string): X509Certificate {
  return new X509Certificate(readFileSync(path));
}

/** The certificate of an issuer, from where AIA points to, in a PEM file. */
export async function caFile({ url, directory }: Gateway, issuer = 'local'): Promise<string> {
  const response = await fetch(`${url}/ca/${issuer}.cer`);
  const certificate = new X509Certificate(Buffer.from(await response.arrayBuffer()));
  const path = join(directory, `${issuer}.pem`);
  writeFileSync(path, certificate.toString());
  return path;
}

/** `openssl verify` for a TLS client, from the root and the CAs below it; gives what was verified. */
export async function expectChain(
  leaf: string,
  [root = '', ...below]: readonly string[],
): Promise<X509Certificate> {
  const untrusted = below.flatMap((file) => ['-untrusted', file]);
  const strictly = ['-x509_strict', '-purpose', 'sslclient'];
  const args = ['verify', ...strictly, '-CAfile', root, ...untrusted, leaf];
  expect(await mustRun('openssl', args)).toBe(`${leaf}: OK\n`);
  return readCertificate(leaf);
}

/** Whether the private key in a PEM file belongs to a certificate. */
export async function expectKey(certificate: X509Certificate, keyFile: string): Promise<void> {
  const publicKey = await mustRun('openssl', ['pkey', '-in', keyFile, '-pubout']);
  expect(certificate.publicKey.export({ format: 'pem', type: 'spki' })).toBe(publicKey);
}

export async function newRsaKey(path: string, bits = 2048): Promise<string> {
  await mustRun('openssl', ['genrsa', '-out', path, String(bits)]);
  return path;
}
