import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  derOf,
  readCertificate,
  readCertificates,
} from '../../../src/adcs/webenroll/certificate-body.js';
import { readRetrieval } from '../../../src/adcs/webenroll/retrieval.js';
import { certificateBundle } from '../../../src/pkcs7/index.js';
import { toPem } from '../../../src/x509/index.js';
import { selfSigned } from '../../support/certificates.js';
import { testKey } from '../../support/keys.js';
import { certsrvPage } from './fixtures.js';

const certificate = await selfSigned(testKey('ca'), { subject: 'CN=LAB-CA1-CA' });
const { der } = certificate;
const bundle = certificateBundle([certificate]);
const crlf = (text: string) => text.replace(/\n/g, '\r\n');

describe('a certificate, whatever its armour', () => {
  test.each([
    ['DER', der],
    ['PEM', Buffer.from(toPem('CERTIFICATE', der))],
    ['PEM with CRLF', Buffer.from(crlf(toPem('CERTIFICATE', der)))],
    ['bare base64', Buffer.from(der.toString('base64'))],
  ])('%s', (_, body) => {
    expect(readCertificate(body)?.der).toEqual(der);
    expect(derOf(body)).toEqual(der);
    expect(readRetrieval(body, '84')).toMatchObject({ kind: 'certificate' });
  });

  test.each([
    ['a page', certsrvPage('issued.en.html')],
    ['a bundle', bundle],
    ['a cut certificate', der.subarray(0, -1)],
    ['a certificate with something behind', Buffer.concat([der, Buffer.from([0])])],
    ['nothing', Buffer.alloc(0)],
  ])('%s is none', (_, body) => {
    expect(readCertificate(body)).toBeUndefined();
  });
});

describe('the chain', () => {
  test.each([
    ['DER', bundle],
    ['BEGIN PKCS7', Buffer.from(toPem('PKCS7', bundle))],
    ['BEGIN CERTIFICATE around a PKCS#7', Buffer.from(toPem('CERTIFICATE', bundle))],
    ['a certificate alone', der],
    ['PEM certificates', Buffer.from(toPem('CERTIFICATE', der))],
  ])('%s', (_, body) => {
    expect(readCertificates(body).map((each) => each.der)).toEqual([der]);
  });

  test('a page holds none', () => {
    expect(readCertificates(certsrvPage('landing.html'))).toEqual([]);
  });
});

test('damaged bodies are answers too', () => {
  const damage = fc.record({
    body: fc.constantFrom(der, bundle, Buffer.from(toPem('CERTIFICATE', bundle))),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    octet: fc.nat(255),
  });
  fc.assert(
    fc.property(damage, ({ body, at, octet }) => {
      const damaged = Buffer.from(body);
      damaged[Math.floor(at * (body.length - 1))] = octet;
      readCertificate(damaged);
      readCertificates(damaged);
      derOf(damaged);
    }),
  );
});
