import { X509Certificate } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { parseCertificationRequest } from '../../src/x509/index.js';
import { certificationRequest, issuedBy, selfSigned } from './certificates.js';
import { testKey } from './keys.js';

describe('test certificates', () => {
  test.each(['client', 'client-p-256', 'client-p-521'] as const)(
    'OpenSSL accepts a self-signed one of %s',
    async (name) => {
      const key = testKey(name);
      const certificate = await selfSigned(key, { subject: 'CN=device-1,O=Example' });
      const x509 = new X509Certificate(certificate.der);
      expect(x509.subject).toBe('CN=device-1\nO=Example');
      expect(x509.verify(key.publicKey.keyObject)).toBe(true);
    },
  );

  test('an issued one names and is signed by its issuer; v1, negative and expired are possible', async () => {
    const caKey = testKey('ca');
    const ca = await selfSigned(caKey, { subject: 'CN=ca' });
    const leaf = await issuedBy({ certificate: ca, key: caKey }, testKey('client').publicKey, {
      subject: 'CN=leaf',
      version: 1,
      serial: Buffer.from('80ff', 'hex'),
      notAfter: new Date('2021-01-01T00:00:00Z'),
    });
    expect(leaf.issuer.text).toBe('CN=ca');
    expect(leaf.serial).toBe('-7f01');
    expect(leaf.notAfter.toISOString()).toBe('2021-01-01T00:00:00.000Z');
    expect(new X509Certificate(leaf.der).verify(caKey.publicKey.keyObject)).toBe(true);
  });

  test.each(['utf8', 'printable', 'ia5', 'teletex', 'bmp', 'universal', 'octets'] as const)(
    'a request with a %s challenge verifies with OpenSSL and reads back',
    async (challengeType) => {
      const bytes = await certificationRequest(testKey('client'), {
        subject: 'CN=device-1',
        challengePassword: '0123ABCD',
        challengeType,
        extensions: [{ oid: '2.5.29.17', critical: false, value: Buffer.from('3000', 'hex') }],
      });
      const request = parseCertificationRequest(bytes);
      expect(request.challengePassword).toBe('0123ABCD');
      expect(request.extensions.map(({ oid }) => oid)).toEqual(['2.5.29.17']);
      expect(() =>
        execFileSync('openssl', ['req', '-inform', 'DER', '-verify', '-noout'], {
          input: bytes,
          stdio: 'pipe',
        }),
      ).not.toThrow();
    },
  );
});
