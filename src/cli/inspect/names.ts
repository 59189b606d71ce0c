/** Names of algorithms and usages for people. */
import { extendedKeyUsages } from '../../x509/index.js';

const signatures: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.4', 'RSA with MD5'],
  ['1.2.840.113549.1.1.5', 'RSA with SHA-1'],
  ['1.3.14.3.2.29', 'RSA with SHA-1'],
  ['1.2.840.113549.1.1.11', 'RSA with SHA-256'],
  ['1.2.840.113549.1.1.12', 'RSA with SHA-384'],
  ['1.2.840.113549.1.1.13', 'RSA with SHA-512'],
  ['1.2.840.113549.1.1.10', 'RSASSA-PSS'],
  ['1.2.840.10045.4.1', 'ECDSA with SHA-1'],
  ['1.2.840.10045.4.3.2', 'ECDSA with SHA-256'],
  ['1.2.840.10045.4.3.3', 'ECDSA with SHA-384'],
  ['1.2.840.10045.4.3.4', 'ECDSA with SHA-512'],
]);

export function signatureName(oid: string): string {
  return signatures.get(oid) ?? oid;
}

/** The name of the digest that makes a signature weak. */
export function weakSignature(oid: string): string | undefined {
  return /MD5|SHA-1$/.exec(signatureName(oid))?.[0];
}

const extendedUsageNames: ReadonlyMap<string, string> = new Map(
  Object.entries(extendedKeyUsages).map(([name, oid]) => [oid, name]),
);

export function extendedUsageName(oid: string): string {
  return extendedUsageNames.get(oid) ?? oid;
}

export const digestNames = {
  md5: 'MD5',
  sha1: 'SHA-1',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
} as const;

export const cipherNames = {
  'des-cbc': 'single DES',
  'des-ede3-cbc': '3DES',
  'aes-128-cbc': 'AES-128',
  'aes-192-cbc': 'AES-192',
  'aes-256-cbc': 'AES-256',
} as const;
