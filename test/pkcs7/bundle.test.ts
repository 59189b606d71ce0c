import { beforeAll, describe, expect, test } from '@jest/globals';
import { Certificate as PkijsCertificate, ContentInfo, SignedData } from 'pkijs';
import fc from 'fast-check';
import { der, parseBer } from '../../src/asn1/index.js';
import { isGatewayError } from '../../src/errors/index.js';
import { certificateBundle, crlBundle } from '../../src/pkcs7/index.js';
import { readBundle } from '../../src/pkcs7/pkijs/index.js';
import type { Certificate } from '../../src/x509/index.js';
import { signedToBer } from '../support/ber.js';
import { issuedBy, selfSigned } from '../support/certificates.js';
import { testKey } from '../support/keys.js';
import { hasOpenssl, runOpenssl } from '../support/openssl.js';
import { damages } from './damage.js';

let ca: Certificate;
let leaf: Certificate;
let odd: Certificate;

beforeAll(async () => {
  const key = testKey('ca');
  ca = await selfSigned(key, { subject: 'CN=ca,O=Example' });
  leaf = await issuedBy({ certificate: ca, key }, testKey('client').publicKey, {
    subject: 'CN=zz-leaf',
  });
  odd = await selfSigned(testKey('client'), {
    subject: 'CN=odd',
    version: 1,
    serial: Buffer.from('80ff', 'hex'),
  });
});

/** Not signed by anybody: only its outer shape matters here. */
function crl(entries: number): Buffer {
  const revoked = Array.from({ length: entries }, (_, i) =>
    der.sequence(der.unsignedInteger(i + 1), der.element(0x17, Buffer.from('261120000000Z'))),
  );
  return der.sequence(der.sequence(...revoked), der.sequence(der.nul()), der.bitString(leaf.tbs));
}

describe('certificateBundle', () => {
  test('is the degenerate SignedData of RFC 5652 §5.2 and nothing more', () => {
    const signedData = parseBer(certificateBundle([leaf]))
      .child(1)
      .child(0);
    expect(signedData.children.map(({ raw }) => raw.toString('hex'))).toEqual([
      '020101',
      '3100',
      '300b06092a864886f70d010701',
      der.contextConstructed(0, leaf.der).toString('hex'),
      '3100',
    ]);
  });

  test('keeps the order given, and every certificate byte for byte', () => {
    const given = [leaf, ca, odd];
    const read = readBundle(certificateBundle(given)).certificates;
    expect(read.map(({ der: bytes }) => bytes)).toEqual(given.map(({ der: bytes }) => bytes));
  });

  test('is what pkijs writes for the same certificates', () => {
    const signedData = new SignedData({
      certificates: [leaf, ca].map(({ der: bytes }) => PkijsCertificate.fromBER(bytes)),
    });
    signedData.encapContentInfo.eContentType = ContentInfo.DATA;
    const info = new ContentInfo({
      contentType: ContentInfo.SIGNED_DATA,
      content: signedData.toSchema(),
    });
    expect(Buffer.from(info.toSchema().toBER())).toEqual(certificateBundle([leaf, ca]));
  });

  (hasOpenssl() ? test : test.skip)('OpenSSL lists it in that order', () => {
    const bundle = certificateBundle([leaf, ca]).toString('base64');
    const pem = `-----BEGIN PKCS7-----\n${bundle.replace(/.{64}/g, '$&\n')}\n-----END PKCS7-----\n`;
    const listed = runOpenssl(['pkcs7', '-print_certs', '-noout'], pem);
    expect(listed.match(/subject=.*/g)).toEqual([
      'subject=CN = zz-leaf',
      'subject=CN = ca, O = Example',
    ]);
  });

  test('of nothing is still a message', () => {
    expect(readBundle(certificateBundle([]))).toEqual({ certificates: [], crls: [] });
  });
});

describe('crlBundle', () => {
  test('holds the CRLs alone, byte for byte', () => {
    const crls = [crl(3), crl(0)];
    expect(readBundle(crlBundle(crls))).toEqual({ certificates: [], crls });
  });

  test('a CRL far beyond the limits of a request is read back', () => {
    const long = crl(20_000);
    expect(readBundle(crlBundle([long])).crls).toEqual([long]);
  });
});

describe('readBundle', () => {
  test.each([
    { indefinite: true, segment: 0 },
    { indefinite: true, segment: 5 },
  ])('reads BER, %j', (form) => {
    const { certificates } = readBundle(signedToBer(certificateBundle([leaf, ca]), form));
    expect(certificates.map(({ subject }) => subject.text)).toEqual([
      'CN=zz-leaf',
      'CN=ca,O=Example',
    ]);
  });

  test('reads an empty content where there should be none (P4)', () => {
    const bundle = certificateBundle([leaf]);
    const [version, digests, , certificates, signers] = parseBer(bundle).child(1).child(0).children;
    for (const eContent of [der.octetString(Buffer.alloc(0)), Buffer.alloc(0)]) {
      const content = der.sequence(
        der.oid('1.2.840.113549.1.7.1'),
        der.contextConstructed(0, eContent),
      );
      const odd = der.sequence(
        der.oid('1.2.840.113549.1.7.2'),
        der.contextConstructed(
          0,
          der.sequence(version!.raw, digests!.raw, content, certificates!.raw, signers!.raw),
        ),
      );
      expect(readBundle(odd).certificates.map(({ der: bytes }) => bytes)).toEqual([leaf.der]);
    }
  });

  test('a bare certificate is no bundle', () => {
    expect(() => readBundle(leaf.der)).toThrow(expect.objectContaining({ code: 'cms.malformed' }));
  });

  test('anything damaged is read or refused', () => {
    const bundle = certificateBundle([leaf, odd]);
    fc.assert(
      fc.property(damages, (damage) => {
        try {
          expect(readBundle(damage(bundle)).certificates.length).toBeLessThanOrEqual(2);
        } catch (error) {
          expect(isGatewayError(error) && error.code).toMatch(
            /^(asn1\.(malformed|limit)|cms\.malformed)$/,
          );
        }
      }),
      { numRuns: 300 },
    );
  });
});
