import { constants, sign } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { der, parseBer, tag } from '../../src/asn1/index.js';
import {
  buildCertificationRequest,
  csrAttributeOids,
  extendedKeyUsage,
  keyUsage,
  parseCertificationRequest,
  parseDistinguishedName,
  requestedValidityDays,
  verifyProofOfPossession,
  type CertificateDigest,
} from '../../src/x509/index.js';
import { testKey, testKeyObject, type TestKeyName } from '../support/keys.js';
import { hasOpenssl, runOpenssl } from '../support/openssl.js';

const subject = parseDistinguishedName('CN=Device 1,O=Example');
const testOpenssl = hasOpenssl() ? test : test.skip;

/** A CSR with these attributes and whatever signature algorithm and signature the test wants. */
function handMade(
  keyName: TestKeyName,
  algorithm: Buffer,
  signer: (info: Buffer) => Buffer,
  ...attributes: Buffer[]
) {
  const { spki } = testKey(keyName).publicKey;
  const info = der.sequence(
    der.unsignedInteger(0),
    subject,
    spki,
    der.contextConstructed(0, ...attributes),
  );
  return parseCertificationRequest(der.sequence(info, algorithm, der.bitString(signer(info))));
}

describe('buildCertificationRequest', () => {
  test('what was written is read', async () => {
    const extensions = [keyUsage(['digitalSignature']), extendedKeyUsage(['1.3.6.1.5.5.7.3.2'])];
    const bytes = await buildCertificationRequest({
      subject,
      key: testKey('client'),
      digest: 'sha256',
      challengePassword: 'A1B2C3D4',
      extensions,
    });
    const csr = parseCertificationRequest(bytes);
    expect(csr.subject.der.equals(subject)).toBe(true);
    expect(csr.publicKey.id).toBe(testKey('client').publicKey.id);
    expect(csr.challengePassword).toBe('A1B2C3D4');
    expect(csr.extensions).toEqual(extensions);
    expect(csr.attributes[0]?.values[0]?.tag).toBe(tag.printableString);
    expect(verifyProofOfPossession(csr)).toBe(true);
  });

  test('a challenge beyond PrintableString becomes a UTF8String', async () => {
    const content = { subject, key: testKey('client'), digest: 'sha256' } as const;
    const bytes = await buildCertificationRequest({ ...content, challengePassword: 'pä_ss@1' });
    const csr = parseCertificationRequest(bytes);
    expect(csr.challengePassword).toBe('pä_ss@1');
    expect(csr.attributes[0]?.values[0]?.tag).toBe(tag.utf8String);
  });

  testOpenssl.each<TestKeyName>(['client', 'client-p-384'])(
    'OpenSSL verifies a request by %s without attributes',
    async (name) => {
      const bytes = await buildCertificationRequest({
        subject,
        key: testKey(name),
        digest: 'sha384',
      });
      const text = runOpenssl(
        ['req', '-inform', 'DER', '-verify', '-noout', '-subject', '-nameopt', 'RFC2253'],
        bytes,
      );
      expect(text).toContain('subject=O=Example,CN=Device 1');
    },
  );
});

describe('verifyProofOfPossession', () => {
  test.each<[TestKeyName, CertificateDigest]>([
    ['client', 'sha1'],
    ['client', 'sha256'],
    ['client', 'sha384'],
    ['client', 'sha512'],
    ['client-1024', 'sha256'],
    ['client-p-256', 'sha1'],
    ['client-p-256', 'sha256'],
    ['client-p-384', 'sha384'],
    ['client-p-521', 'sha512'],
  ])('accepts %s with %s, and not one changed octet', async (name, digest) => {
    const bytes = await buildCertificationRequest({ subject, key: testKey(name), digest });
    expect(verifyProofOfPossession(parseCertificationRequest(bytes))).toBe(true);
    const damaged = Buffer.from(bytes);
    damaged[damaged.indexOf('Device')] = 0x44 ^ 1;
    expect(verifyProofOfPossession(parseCertificationRequest(damaged))).toBe(false);
  });

  test('accepts MD5: the floor is not decided here', () => {
    const algorithm = der.sequence(der.oid('1.2.840.113549.1.1.4'), der.nul());
    const csr = handMade('client', algorithm, (info) => sign('md5', info, testKeyObject('client')));
    expect(verifyProofOfPossession(csr)).toBe(true);
  });

  const digestOids = {
    sha1: '1.3.14.3.2.26',
    sha256: '2.16.840.1.101.3.4.2.1',
    sha512: '2.16.840.1.101.3.4.2.3',
  } as const;

  function pss(hash: keyof typeof digestOids, mask: keyof typeof digestOids, salt: Buffer): Buffer {
    const digest = (name: keyof typeof digestOids) => der.sequence(der.oid(digestOids[name]));
    return der.sequence(
      der.oid('1.2.840.113549.1.1.10'),
      der.sequence(
        der.contextConstructed(0, digest(hash)),
        der.contextConstructed(1, der.sequence(der.oid('1.2.840.113549.1.1.8'), digest(mask))),
        der.contextConstructed(2, salt),
      ),
    );
  }

  function signPss(digest: string, saltLength: number) {
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    return (info: Buffer) =>
      sign(digest, info, { key: testKeyObject('client'), padding, saltLength });
  }

  test.each([
    ['SHA-256, salt 32', pss('sha256', 'sha256', der.unsignedInteger(32)), signPss('sha256', 32)],
    ['SHA-512, salt 0', pss('sha512', 'sha512', der.unsignedInteger(0)), signPss('sha512', 0)],
    ['all defaults', der.sequence(der.oid('1.2.840.113549.1.1.10')), signPss('sha1', 20)],
  ])('accepts PSS with %s', (_name, algorithm, signer) => {
    expect(verifyProofOfPossession(handMade('client', algorithm, signer))).toBe(true);
  });

  test.each([
    ['another salt length', pss('sha256', 'sha256', der.unsignedInteger(20))],
    ['another mask digest', pss('sha256', 'sha1', der.unsignedInteger(32))],
    ['a negative salt length', pss('sha256', 'sha256', der.integerFromBytes(Buffer.from([0xfe])))],
    ['no algorithm', der.sequence()],
    ['an unknown algorithm', der.sequence(der.oid('1.2.3'))],
    ['an EC algorithm', der.sequence(der.oid('1.2.840.10045.4.3.2'))],
  ])('refuses an RSA signature under %s', (_name, algorithm) => {
    const csr = handMade('client', algorithm, signPss('sha256', 32));
    expect(verifyProofOfPossession(csr)).toBe(false);
  });

  test('refuses the signature of another key', () => {
    const algorithm = der.sequence(der.oid('1.2.840.113549.1.1.11'), der.nul());
    const csr = handMade('client', algorithm, (info) =>
      sign('sha256', info, testKeyObject('client-2')),
    );
    expect(verifyProofOfPossession(csr)).toBe(false);
  });

  test('never throws', async () => {
    const good = await buildCertificationRequest({
      subject,
      key: testKey('client-p-256'),
      digest: 'sha256',
    });
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (index, octet) => {
        fc.pre(good[index] !== octet);
        const damaged = Buffer.from(good);
        damaged[index] = octet;
        let csr;
        try {
          csr = parseCertificationRequest(damaged);
        } catch (error) {
          expect(error).toEqual(expect.objectContaining({ code: 'csr.malformed' }));
          return;
        }
        expect(typeof verifyProofOfPossession(csr)).toBe('boolean');
      }),
    );
  });
});

describe('requestedValidityDays', () => {
  function bmp(text: string): Buffer {
    return der.element(tag.bmpString, Buffer.from(text, 'utf16le').swap16());
  }

  function pair(name: string, value: string): Buffer {
    return der.sequence(bmp(name), bmp(value));
  }

  function csrWith(...values: Buffer[]) {
    const attributes = values.map((value) =>
      der.sequence(der.oid(csrAttributeOids.msEnrollmentNameValuePair), der.setOf(value)),
    );
    const algorithm = der.sequence(der.oid('1.2.840.113549.1.1.11'), der.nul());
    return handMade('client', algorithm, () => Buffer.alloc(4), ...attributes);
  }

  test.each([
    ['Days', '30', 30],
    ['Weeks', '3', 21],
    ['Months', '2', 60],
    ['Years', '1', 365],
    ['years', ' 2 ', 730],
    ['Hours', '12', 0.5],
    ['Minutes', '1440', 1],
    ['Seconds', '86400', 1],
  ])('%s × %s', (period, units, days) => {
    const csr = csrWith(pair('ValidityPeriod', period), pair('ValidityPeriodUnits', units));
    expect(requestedValidityDays(csr)).toBeCloseTo(days, 9);
  });

  test('reads pairs in one SEQUENCE OF, and does not mind other pairs', () => {
    const pairs = [pair('ValidityPeriodUnits', '5'), pair('ValidityPeriod', 'Days')];
    expect(requestedValidityDays(csrWith(pair('CertType', 'server'), der.sequence(...pairs)))).toBe(
      5,
    );
  });

  test.each([
    ['no attribute', []],
    ['no units', [pair('ValidityPeriod', 'Days')]],
    ['no period', [pair('ValidityPeriodUnits', '1')]],
    ['an unknown period', [pair('ValidityPeriod', 'Eons'), pair('ValidityPeriodUnits', '1')]],
    ['no number', [pair('ValidityPeriod', 'Days'), pair('ValidityPeriodUnits', '-1')]],
    ['zero', [pair('ValidityPeriod', 'Days'), pair('ValidityPeriodUnits', '0')]],
    ['no pairs', [der.nul(), der.sequence(), der.sequence(der.nul(), der.nul())]],
  ])('is undefined with %s', (_name, values) => {
    expect(requestedValidityDays(csrWith(...values))).toBeUndefined();
  });
});

test('the attributes of a request stand in DER order', async () => {
  const bytes = await buildCertificationRequest({
    subject,
    key: testKey('client'),
    digest: 'sha256',
    challengePassword: 'x'.repeat(300),
    extensions: [keyUsage(['digitalSignature'])],
  });
  const attributes = parseBer(bytes)
    .child(0)
    .child(3)
    .children.map(({ raw }) => raw);
  expect(attributes).toHaveLength(2);
  expect(Buffer.compare(attributes[0]!, attributes[1]!)).toBeLessThan(0);
});

describe('what another reader might see otherwise is no request', () => {
  const sid = der.sequence(
    der.oid('1.3.6.1.4.1.311.25.2'),
    der.octetString(Buffer.from('3000', 'hex')),
  );
  const attribute = (oid: string, extension: Buffer) =>
    der.sequence(der.oid(oid), der.setOf(der.sequence(extension)));
  const request = (...attributes: Buffer[]) => {
    const { spki } = testKey('client').publicKey;
    const info = der.sequence(der.unsignedInteger(0), subject, spki, ...attributes);
    const algorithm = der.sequence(der.oid('1.2.840.113549.1.1.11'), der.nul());
    return parseCertificationRequest(der.sequence(info, algorithm, der.bitString(Buffer.alloc(8))));
  };
  const { extensionRequest, msExtensionRequest } = csrAttributeOids;

  test('extensions under either name are seen', () => {
    const attributes = der.contextConstructed(
      0,
      attribute(extensionRequest, sid),
      attribute(msExtensionRequest, sid),
    );
    expect(request(attributes).extensions).toHaveLength(2);
  });

  test.each([
    [
      'attributes behind the attributes',
      [der.contextConstructed(0), der.contextConstructed(0, attribute(extensionRequest, sid))],
    ],
    [
      'an extension with two values',
      [
        der.contextConstructed(
          0,
          attribute(
            extensionRequest,
            der.sequence(
              der.oid('2.5.29.17'),
              der.boolean(false),
              der.octetString(Buffer.from('3003820161', 'hex')),
              der.octetString(Buffer.from('3003820162', 'hex')),
            ),
          ),
        ),
      ],
    ],
  ])('%s', (_, attributes) => {
    expect(() => request(...attributes)).toThrow('The certification request cannot be read.');
  });
});
