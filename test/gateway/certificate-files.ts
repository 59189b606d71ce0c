/** Files of a small PKI as an administrator has them, valid now. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toPem, type Certificate } from '../../src/x509/index.js';
import { makeClient, makeCrl, makeRoot } from '../access/client-certificate/pki.js';
import { selfSigned, type CertificateOptions, type Issuer } from '../support/certificates.js';
import { testKey, testKeyObject, type TestKeyName } from '../support/keys.js';

const day = 86_400_000;
export const inDays = (count: number): Date => new Date(Date.now() + count * day);
const life = { notBefore: inDays(-10), notAfter: inDays(100) };

/** What a TLS client shows. */
export interface ClientIdentity {
  readonly certificate: Certificate;
  readonly cert: string;
  readonly key: string;
}

function keyPem(name: TestKeyName): string {
  return testKeyObject(name).export({ format: 'pem', type: 'pkcs8' }).toString();
}

export function identity(certificate: Certificate, key: TestKeyName = 'client'): ClientIdentity {
  return { certificate, cert: certificate.toPem(), key: keyPem(key) };
}

export function connectorRoot(): Promise<Issuer> {
  return makeRoot('CN=Connector CA', 'ca', life);
}

export async function connector(
  root: Issuer,
  options: CertificateOptions = {},
): Promise<ClientIdentity> {
  return identity(await makeClient(root, { ...life, ...options }));
}

/** `server.crt` and `server.key` for a listener. */
export async function writeServer(
  folder: string,
  options: { readonly key?: TestKeyName; readonly subject?: string; readonly days?: number } = {},
): Promise<void> {
  const { key = 'client-2', subject = 'CN=gateway', days = 100 } = options;
  const certificate = await selfSigned(testKey(key), {
    subject,
    notBefore: inDays(-1),
    notAfter: inDays(days),
  });
  await writeFile(join(folder, 'server.crt'), certificate.toPem());
  await writeFile(join(folder, 'server.key'), keyPem(key));
}

export async function writeCrl(
  file: string,
  root: Issuer,
  revoked: readonly Certificate[] = [],
): Promise<void> {
  const crl = await makeCrl(root, { revoked, thisUpdate: inDays(-1), nextUpdate: inDays(6) });
  await writeFile(file, toPem('X509 CRL', crl));
}
