import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { der } from '../../src/asn1/index.js';
import {
  buildCertificate,
  buildCrl,
  extensionOids,
  parseCrl,
  parseDistinguishedName,
  verifyIssuedBy,
  type RevocationEntry,
} from '../../src/x509/index.js';
import { hasOpenssl, runOpenssl } from '../support/openssl.js';
import { testKey } from '../support/keys.js';

const testOpenssl = hasOpenssl() ? test : test.skip;
const ca = testKey('ca');
const issuer = parseDistinguishedName('CN=Test CA');
const signer = { key: ca, digest: 'sha256' } as const;
const at = new Date('2026-01-01T00:00:00Z');

function content(revoked: readonly RevocationEntry[]) {
  return {
    issuer,
    thisUpdate: new Date('2026-02-01T00:00:00Z'),
    nextUpdate: new Date('2026-02-08T00:00:00Z'),
    number: 258,
    authorityKeyIdentifier: ca.publicKey.subjectKeyIdentifier,
    revoked,
  };
}

describe('buildCrl and parseCrl', () => {
  test('what was written is read, and the CA signed it', async () => {
    const bytes = await buildCrl(
      content([
        { serial: Buffer.from('80ff', 'hex'), at, reason: 1 },
        { serial: '0a', at, reason: undefined },
        { serial: '0b', at, reason: 0 },
      ]),
      signer,
    );
    const crl = parseCrl(bytes);
    expect(crl).toMatchObject({
      thisUpdate: new Date('2026-02-01T00:00:00Z'),
      nextUpdate: new Date('2026-02-08T00:00:00Z'),
      number: 258,
      revoked: [
        { serial: '80ff', at, reason: 1 },
        { serial: '0a', at, reason: undefined },
        { serial: '0b', at, reason: undefined },
      ],
    });
    expect(crl.issuer.text).toBe('CN=Test CA');
    expect(crl.extensions.map(({ oid }) => oid)).toEqual([
      extensionOids.authorityKeyIdentifier,
      extensionOids.crlNumber,
    ]);
    const certificate = await buildCertificate(
      {
        serial: Buffer.from([1]),
        issuer,
        subject: issuer,
        notBefore: at,
        notAfter: new Date('2036-01-01T00:00:00Z'),
        spki: ca.publicKey.spki,
        extensions: [],
      },
      signer,
    );
    expect(verifyIssuedBy(crl, certificate)).toBe(true);
    const forged = parseCrl(
      await buildCrl(content([]), { key: testKey('client'), digest: 'sha1' }),
    );
    expect(verifyIssuedBy(forged, certificate)).toBe(false);
  });

  test('an empty CRL has no revokedCertificates', async () => {
    const bytes = await buildCrl(content([]), signer);
    expect(parseCrl(bytes).revoked).toEqual([]);
  });

  testOpenssl('OpenSSL reads an empty CRL', async () => {
    const bytes = await buildCrl(content([]), signer);
    const text = runOpenssl(['crl', '-inform', 'DER', '-noout', '-text'], bytes);
    expect(text).toContain('No Revoked Certificates.');
    expect(text).toContain('Version 2 (0x1)');
  });

  testOpenssl('OpenSSL reads entries, reasons and number', async () => {
    const bytes = await buildCrl(content([{ serial: 'ff01', at, reason: 4 }]), signer);
    const text = runOpenssl(['crl', '-inform', 'DER', '-noout', '-text'], bytes);
    expect(text).toContain('Serial Number: FF01');
    expect(text).toContain('Superseded');
    expect(text).toMatch(/X509v3 CRL Number:\s+258/);
  });

  test('carries a hundred thousand entries', async () => {
    const revoked = Array.from({ length: 100_000 }, (_, i) => ({
      serial: Buffer.from([1, i >> 16, i >> 8, i]),
      at,
      reason: 5,
    }));
    const crl = parseCrl(await buildCrl(content(revoked), signer));
    expect(crl.revoked).toHaveLength(100_000);
    expect(crl.revoked[99_999]).toEqual({ serial: '0101869f', at, reason: 5 });
  });

  test.each([7, 8, 11, -1])('refuses reason %d', async (reason) => {
    await expect(buildCrl(content([{ serial: '0a', at, reason }]), signer)).rejects.toThrow(
      `not a reason of a full CRL: ${reason}`,
    );
  });

  test('refuses a serial number that is no hex', async () => {
    await expect(buildCrl(content([{ serial: '-0a', at, reason: 1 }]), signer)).rejects.toThrow(
      'not a serial number: -0a',
    );
  });

  test('reads a v1 CRL without nextUpdate', () => {
    const algorithm = der.sequence(der.oid('1.2.840.113549.1.1.11'), der.nul());
    const time = Buffer.concat([Buffer.from([0x17, 13]), Buffer.from('260101000000Z')]);
    const tbs = der.sequence(algorithm, issuer, time);
    const crl = parseCrl(der.sequence(tbs, algorithm, der.bitString(Buffer.alloc(4))));
    expect(crl).toMatchObject({ nextUpdate: undefined, number: undefined, revoked: [] });
  });

  test('is total: any bytes give a CRL or x509.malformed', async () => {
    const good = await buildCrl(content([{ serial: '0a', at, reason: 1 }]), signer);
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (index, octet) => {
        const damaged = Buffer.from(good);
        damaged[index] = octet;
        try {
          parseCrl(damaged);
        } catch (error) {
          expect(error).toEqual(expect.objectContaining({ code: 'x509.malformed' }));
        }
      }),
    );
  });
});
