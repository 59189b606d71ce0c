import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  authorityInfoAccess,
  basicConstraints,
  crlDistributionPoints,
  extendedKeyUsage,
  extensionOids,
  keyUsage,
  keyUsageBits,
  readBasicConstraints,
  readExtendedKeyUsage,
  readKeyUsage,
  type KeyUsage,
} from '../../src/x509/index.js';

const usages: readonly KeyUsage[] = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
];

describe('standard extensions', () => {
  test('key usages come back as they went in', () => {
    expect([...usages].sort()).toEqual(Object.keys(keyUsageBits).sort());
    fc.assert(
      fc.property(fc.subarray([...usages]), (subset) => {
        expect(readKeyUsage(keyUsage(subset))).toEqual(subset);
      }),
    );
    expect(keyUsage(['keyCertSign', 'cRLSign'])).toEqual({
      oid: extensionOids.keyUsage,
      critical: true,
      value: Buffer.from('03020106', 'hex'),
    });
  });

  test('extended key usages keep their order', () => {
    const oids = ['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1', '2.5.29.37.0'];
    expect(readExtendedKeyUsage(extendedKeyUsage(oids))).toEqual(oids);
  });

  test.each([
    [{ ca: false }, '3000', { ca: false, pathLength: undefined }],
    [{ ca: true }, '30030101ff', { ca: true, pathLength: undefined }],
    [{ ca: true, pathLength: 0 }, '30060101ff020100', { ca: true, pathLength: 0 }],
  ])('basicConstraints %j', (given, hex, read) => {
    const extension = basicConstraints(given);
    expect(extension.value.toString('hex')).toBe(hex);
    expect(readBasicConstraints(extension)).toEqual(read);
  });

  test.each([
    [readKeyUsage, 'The keyUsage extension cannot be read.'],
    [readExtendedKeyUsage, 'The extendedKeyUsage extension cannot be read.'],
    [readBasicConstraints, 'The basicConstraints extension cannot be read.'],
  ])('a damaged value is x509.malformed: %p', (reader, message) => {
    for (const hex of ['', '05', '0403010203', '310102'])
      expect(() =>
        reader({ oid: '2.5.29.1', critical: false, value: Buffer.from(hex, 'hex') }),
      ).toThrow(expect.objectContaining({ code: 'x509.malformed', message }));
  });

  test.each(['http://bücher.example/', 'http://a b/', ''])('refuses the URL %j', (url) => {
    for (const build of [
      () => crlDistributionPoints([url]),
      () => authorityInfoAccess({ ocsp: [url] }),
      () => authorityInfoAccess({ caIssuers: [url] }),
    ])
      expect(build).toThrow(expect.objectContaining({ code: 'config.invalid' }));
  });
});
