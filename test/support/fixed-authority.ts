/** A CA and its RA that are the same on every run, so that messages can be made beforehand. */
import {
  basicConstraints,
  extendedKeyUsage,
  extendedKeyUsages,
  keyUsage,
} from '../../src/x509/index.js';
import { issuedBy, selfSigned } from './certificates.js';
import { testKey } from './keys.js';
import type { TestSigner } from './pki-message.js';

interface FixedAuthority {
  readonly ca: TestSigner;
  readonly ra: TestSigner;
}

/** Every octet of both certificates is the same on every run. */
export async function fixedAuthority(): Promise<FixedAuthority> {
  const caKey = testKey('ca');
  const ca = {
    key: caKey,
    certificate: await selfSigned(caKey, {
      subject: 'CN=Fixed CA,O=Example',
      serial: Buffer.from('01ca', 'hex'),
      extensions: [basicConstraints({ ca: true }), keyUsage(['keyCertSign', 'cRLSign'])],
    }),
  };
  const raKey = testKey('ra-encrypt');
  const certificate = await issuedBy(ca, raKey.publicKey, {
    subject: 'CN=Fixed RA,O=Example',
    serial: Buffer.from('02aa', 'hex'),
    extensions: [
      keyUsage(['digitalSignature', 'keyEncipherment']),
      extendedKeyUsage([extendedKeyUsages.certificateRequestAgent]),
    ],
  });
  return { ca, ra: { key: raKey, certificate } };
}
