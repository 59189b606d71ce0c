/** A relay that has the RA keys of the server behind it, and looks at challenges before it passes them on. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificateBundle } from '../../src/pkcs7/index.js';
import {
  basicConstraints,
  extendedKeyUsage,
  extendedKeyUsages,
  keyUsage,
  type Certificate,
} from '../../src/x509/index.js';
import { issuedBy, selfSigned } from '../../test/support/certificates.js';
import { testKey, testKeyObject, type TestKeyName } from '../../test/support/keys.js';

export interface Relay {
  /** Of the configuration. The issuer `local` has the same RA, so it takes the same messages. */
  readonly config: { readonly issuers: object; readonly profiles: object };
  remove(): void;
}

/** The server behind it says what it can and who it is; what is refused never comes to it. */
export async function relayFiles(): Promise<Relay> {
  const folder = mkdtempSync(join(tmpdir(), 'scep-gateway-timing-'));
  const notAfter = new Date('2045-01-01T00:00:00Z');
  const ca = await selfSigned(testKey('ca'), {
    subject: 'CN=Timing CA',
    extensions: [basicConstraints({ ca: true }), keyUsage(['keyCertSign', 'cRLSign'])],
    notAfter,
  });
  const by = { certificate: ca, key: testKey('ca') };
  const ra = await issuedBy(by, testKey('ra-encrypt').publicKey, {
    subject: 'CN=Timing RA',
    extensions: [
      keyUsage(['digitalSignature', 'keyEncipherment']),
      extendedKeyUsage([extendedKeyUsages.certificateRequestAgent]),
    ],
    notAfter,
  });
  const pair = (name: string, certificate: Certificate, key: TestKeyName) => {
    const files = {
      certificate: join(folder, `${name}.pem`),
      key: join(folder, `${name}.key`),
    };
    writeFileSync(files.certificate, certificate.toPem());
    writeFileSync(files.key, testKeyObject(key).export({ format: 'pem', type: 'pkcs8' }));
    return files;
  };
  const importRa = pair('ra', ra, 'ra-encrypt');
  const local = { kind: 'local', import: pair('ca', ca, 'ca'), importRa };
  const secret = join(folder, 'secret');
  writeFileSync(secret, 'what every device sends');
  const challenges = { static: [{ name: 'all', secret: { file: secret } }] };
  const behind = createServer((request, response) => {
    if (request.url?.includes('operation=GetCACert') !== true)
      return void response.end('AES\nSHA-256\nPOSTPKIOperation\n');
    response.setHeader('Content-Type', 'application/x-x509-ca-ra-cert');
    response.end(certificateBundle([ra, ca]));
  }).listen(0, '127.0.0.1');
  await once(behind, 'listening');
  const { port } = behind.address() as AddressInfo;
  const checked = {
    kind: 'ndes',
    mode: 'relay',
    url: `http://127.0.0.1:${port}/scep`,
    challenge: 'fixed',
    fingerprint: ca.thumbprints.sha256,
    importRa,
  };
  return {
    config: {
      issuers: { local, checked },
      profiles: {
        relay: {
          paths: ['/relay'],
          issuer: 'checked',
          challenges: { dynamic: false, ...challenges },
        },
      },
    },
    remove: () => {
      behind.closeAllConnections();
      behind.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
