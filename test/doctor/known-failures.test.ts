/** Every known failure has a sentence: the rows of a connector's troubleshooting table, and all HRESULTs. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hresultTable, hresultText } from '../../src/adcs/index.js';
import { explainFailure } from '../../src/doctor/index.js';

/** Where an administrator of the Jamf AD CS Connector looks, and what stands there. */
const connectorRows: readonly (readonly [string, string, string])[] = [
  [
    'log of the MDM: the CA host is wrong or out of reach',
    'AdcsConnectorCertificateNotIssuedException: CCertRequest::Submit: The RPC server is unavailable. 0x800706ba (WIN32: 1722 RPC_S_SERVER_UNAVAILABLE)',
    'rpc-unavailable',
  ],
  [
    'log of the MDM: the server certificate has other names',
    "I/O error on GET request: Certificate for <192.0.2.8> doesn't match any of the subject alternative names: [adcsc.example.com]",
    'certificate-name',
  ],
  [
    'log of IIS: a client certificate whose CA is not trusted',
    '2026-03-07 15:33:11 POST /api/v1/certificate/request - 8443 - 192.0.2.4 curl/8 - 403 16 2148204809 1203',
    'client-certificate-untrusted',
  ],
  [
    'log of IIS: no client certificate',
    'HTTP Error 403.7 - Forbidden',
    'client-certificate-missing',
  ],
  [
    'group of those who may use DCOM',
    'the connector is not a member of Certificate Services DCOM Access',
    'dcom-access',
  ],
  [
    'certreq or the certificates console: the account has no right',
    'CCertRequest::Submit: Access is denied. 0x80070005 (WIN32: 5 ERROR_ACCESS_DENIED)',
    'dcom-access',
  ],
  [
    'a Web Application Proxy in front',
    'requests come through the Azure AD Application Proxy',
    'application-proxy',
  ],
];

describe('rows of the troubleshooting table', () => {
  test.each(connectorRows)('%s', (_place, text, id) => {
    const explained = explainFailure(text);
    expect(explained?.id).toBe(id);
    expectPlain(explained?.text, explained?.next);
  });
});

describe('HRESULTs', () => {
  test.each([...hresultTable].map(([code, entry]) => [hresultText(code), entry] as const))(
    '%s',
    (code, { name, meaning }) => {
      const explained = explainFailure(`Denied by Policy Module  ${code}, and more words`);
      expectPlain(explained?.text, explained?.next);
      // A known message may say more than its code; all others are the table's.
      if (explained?.id === code) expect(explained.text).toBe(`${name}: ${meaning}.`);
      else
        expect([
          'rpc-unavailable',
          'dcom-access',
          'client-certificate-untrusted',
          'clock-skew',
        ]).toContain(explained?.id);
    },
  );

  test('as a signed decimal of a SOAP fault', () => {
    expect(explainFailure('<ErrorCode>-2146877420</ErrorCode>')?.id).toBe('0x80094014');
  });

  test('one that no table has is still explained by its component', () => {
    expect(explainFailure('0x80094fff')?.text).toContain('the CA refused the request');
  });
});

test('what holds neither is not made up', () => {
  expect(explainFailure('it does not work')).toBeUndefined();
  expect(explainFailure('')).toBeUndefined();
});

test('any text is taken', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const explained = explainFailure(text);
      return explained === undefined || explained.text.length > 10;
    }),
  );
});

function expectPlain(text: string | undefined, next: string | undefined): void {
  expect(text).toMatch(/^\p{Lu}.{10,}\.$/su);
  expect(next).toMatch(/^\p{L}.{10,}$/su);
}
