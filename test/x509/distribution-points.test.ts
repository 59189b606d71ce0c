import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isGatewayError } from '../../src/errors/index.js';
import {
  crlDistributionPoints,
  extensionOids,
  readCrlDistributionPoints,
} from '../../src/x509/index.js';

const uri = fc.stringMatching(/^[a-z]{3,6}:\/\/[!-~]{1,60}$/);

test('what is written is read', () => {
  fc.assert(
    fc.property(fc.array(uri, { minLength: 1, maxLength: 4 }), (urls) => {
      expect(readCrlDistributionPoints(crlDistributionPoints(urls))).toEqual(urls);
    }),
  );
});

test('points as AD CS writes them: LDAP and HTTP in one; a point without a name is passed over', () => {
  const value = Buffer.from(
    '302e' +
      '3026a024a022' +
      '8610' +
      Buffer.from('ldap:///CN=a?b=c').toString('hex') +
      '860e' +
      Buffer.from('http://pki/a.c').toString('hex') +
      '3004' +
      '8102' +
      '0780',
    'hex',
  );
  const extension = { oid: extensionOids.cdp, critical: false, value };
  expect(readCrlDistributionPoints(extension)).toEqual(['ldap:///CN=a?b=c', 'http://pki/a.c']);
});

test('any octets: addresses or x509.malformed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (octets) => {
      const extension = { oid: extensionOids.cdp, critical: false, value: Buffer.from(octets) };
      try {
        return Array.isArray(readCrlDistributionPoints(extension));
      } catch (error) {
        return isGatewayError(error) && error.code === 'x509.malformed';
      }
    }),
  );
});
