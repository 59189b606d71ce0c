import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  authorityInfoAccess,
  authorityKeyIdentifier,
  basicConstraints,
  buildCertificate,
  crlDistributionPoints,
  extendedKeyUsage,
  extendedKeyUsages,
  extensionOids,
  keyUsage,
  parseDistinguishedName,
  subjectKeyIdentifier,
  verifyIssuedBy,
  writeSubjectAltNames,
  parseSubjectAltName,
  type CertificateDigest,
} from '../../src/x509/index.js';
import { testKey, type TestKeyName } from '../support/keys.js';

const issuer = parseDistinguishedName('CN=Test CA,O=Example');
const notBefore = new Date('2026-01-02T03:04:05.678Z');
const notAfter = new Date('2050-01-01T00:00:00Z');

function content(subjectKey: TestKeyName) {
  const { spki } = testKey(subjectKey).publicKey;
  const serial = Buffer.from('ff0102', 'hex');
  const subject = parseDistinguishedName('CN=Device 1,O=Example');
  return { serial, issuer, subject, notBefore, notAfter, spki, extensions: [] };
}

describe('buildCertificate', () => {
  test('OpenSSL reads every field as it was given', async () => {
    const ca = testKey('ca');
    const extensions = [
      keyUsage(['digitalSignature', 'keyEncipherment']),
      extendedKeyUsage([extendedKeyUsages.clientAuth]),
      basicConstraints({ ca: false }),
      subjectKeyIdentifier(testKey('client').publicKey),
      authorityKeyIdentifier(ca.publicKey.subjectKeyIdentifier),
      crlDistributionPoints(['http://pki.example/ca.crl']),
      authorityInfoAccess({
        caIssuers: ['http://pki.example/ca.crt'],
        ocsp: ['http://ocsp.example/'],
      }),
      writeSubjectAltNames([parseSubjectAltName('dns:device-1.example').raw], false),
    ];
    const certificate = await buildCertificate(
      { ...content('client'), extensions },
      { key: ca, digest: 'sha256' },
    );
    const openssl = new X509Certificate(certificate.der);
    expect(openssl.subject).toBe('CN=Device 1\nO=Example');
    expect(openssl.issuer).toBe('CN=Test CA\nO=Example');
    expect(openssl.serialNumber).toBe('FF0102');
    expect(openssl.validFrom).toBe('Jan  2 03:04:05 2026 GMT');
    expect(openssl.validTo).toBe('Jan  1 00:00:00 2050 GMT');
    expect(openssl.keyUsage).toEqual([extendedKeyUsages.clientAuth]);
    expect(openssl.subjectAltName).toBe('DNS:device-1.example');
    expect(openssl.infoAccess).toBe(
      'OCSP - URI:http://ocsp.example/\nCA Issuers - URI:http://pki.example/ca.crt',
    );
    expect(openssl.ca).toBe(false);
    expect(openssl.verify(ca.publicKey.keyObject)).toBe(true);
    expect(certificate.serial).toBe('ff0102');
    expect(certificate.extensions).toEqual(extensions);
  });

  test.each<[TestKeyName, CertificateDigest, string]>([
    ['ca', 'sha1', '1.2.840.113549.1.1.5'],
    ['ca', 'sha256', '1.2.840.113549.1.1.11'],
    ['ca', 'sha384', '1.2.840.113549.1.1.12'],
    ['ca', 'sha512', '1.2.840.113549.1.1.13'],
    ['client-p-256', 'sha1', '1.2.840.10045.4.1'],
    ['client-p-256', 'sha256', '1.2.840.10045.4.3.2'],
    ['client-p-384', 'sha384', '1.2.840.10045.4.3.3'],
    ['client-p-521', 'sha512', '1.2.840.10045.4.3.4'],
  ])('signs with %s and %s', async (name, digest, oid) => {
    const key = testKey(name);
    const certificate = await buildCertificate(
      { ...content(name), subject: issuer },
      { key, digest },
    );
    expect(certificate.signatureAlgorithm).toBe(oid);
    expect(new X509Certificate(certificate.der).verify(key.publicKey.keyObject)).toBe(true);
    expect(verifyIssuedBy(certificate, certificate)).toBe(true);
    expect(certificate.extension(extensionOids.keyUsage)).toBeUndefined();
  });

  test.each([
    ['zero', '00', 'serial number is not positive'],
    ['empty', '', 'serial number is not positive'],
    ['too long', 'ff'.repeat(20), 'serial number is longer than 20 octets'],
  ])('refuses a serial number that is %s', async (_name, hex, message) => {
    const serial = Buffer.from(hex, 'hex');
    await expect(
      buildCertificate({ ...content('client'), serial }, { key: testKey('ca'), digest: 'sha256' }),
    ).rejects.toThrow(new RangeError(message));
  });
});
