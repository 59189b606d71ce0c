import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { der, parseBer } from '../../src/asn1/index.js';
import { describeObject } from '../../src/cli/inspect/describe-object.js';
import { announcedLength, berForms } from '../../src/cli/inspect/encoding.js';
import type { InspectContext } from '../../src/cli/inspect/inspect-context.js';
import { certificateBundle, createFastCodec } from '../../src/pkcs7/index.js';
import { buildCrl, keyUsage } from '../../src/x509/index.js';
import { selfSigned } from '../support/certificates.js';
import { testKey } from '../support/keys.js';
import { pkiMessage, testAuthority, testDevice, testRequest } from '../support/pki-message.js';

async function samples(): Promise<readonly Buffer[]> {
  const authority = await testAuthority();
  const device = await testDevice();
  const csr = await testRequest(device);
  return [
    await pkiMessage({ signer: device, recipients: [authority.ca.certificate], content: csr }),
    csr,
    authority.ca.certificate.der,
    certificateBundle([authority.ca.certificate, device.certificate]),
    await buildCrl(
      {
        issuer: authority.ca.certificate.subject.der,
        thisUpdate: new Date(),
        nextUpdate: new Date(Date.now() + 3_600_000),
        number: 7,
        authorityKeyIdentifier: Buffer.alloc(20, 1),
        revoked: [{ serial: Buffer.from([5]), at: new Date(), reason: 1 }],
      },
      { key: authority.ca.key, digest: 'sha256' },
    ),
  ];
}

async function context(): Promise<InspectContext> {
  const { ca } = await testAuthority();
  return {
    codec: createFastCodec(),
    atHand: undefined,
    ownKeys: [{ certificate: ca.certificate, key: ca.key }],
    password: undefined,
    certificates: [ca.certificate],
  };
}

describe('any object', () => {
  test('is named by its shape, whatever it is called', async () => {
    const known = await context();
    const reports = await Promise.all(
      (await samples()).map((bytes) => describeObject({ bytes }, known)),
    );
    expect(reports.map(({ what }) => what)).toEqual([
      'PKCSReq (19)',
      'A CSR',
      'A certificate',
      'A bundle that nobody signed',
      'A CRL',
    ]);
    expect(reports.flatMap(({ wrong }) => wrong)).toEqual([]);
    expect(JSON.stringify(reports)).not.toContain('C0FFEE00');
    const envelope = await known.codec.seal(await testRequest(await testDevice()), 'aes-128-cbc', [
      {
        kind: 'certificate',
        certificate: known.certificates[0]!,
        keyTransport: { kind: 'rsaes-pkcs1-v1_5' },
      },
    ]);
    const opened = await describeObject({ bytes: envelope }, known);
    expect(opened).toMatchObject({ what: 'An envelope without a signature', wrong: [] });
    expect(opened.sections.at(-1)).toMatchObject({ title: 'CSR' });
  });

  test('damaged at any place is explained, never thrown at', async () => {
    const known = await context();
    const all = await samples();
    await fc.assert(
      fc.asyncProperty(
        fc.nat(all.length - 1),
        fc.nat(),
        fc.nat(255),
        fc.boolean(),
        async (which, place, octet, cut) => {
          const bytes = Buffer.from(all[which]!);
          const at = place % bytes.length;
          bytes[at] = octet;
          const report = await describeObject(
            { bytes: cut ? bytes.subarray(0, at) : bytes },
            known,
          );
          expect(report.what).not.toBe('');
          expect(JSON.stringify(report)).not.toContain('C0FFEE00C0FFEE00');
        },
      ),
      { numRuns: 200 },
    );
  }, 60_000);

  test('a certificate whose issuer is at hand and did not sign it', async () => {
    const known = await context();
    const impostor = await selfSigned(testKey('ca'), {
      subject: 'CN=Test CA,O=Example',
      extensions: [keyUsage(['keyCertSign'])],
    });
    const bytes = Buffer.from(impostor.der);
    bytes[bytes.length - 1]! ^= 1;
    const { wrong } = await describeObject({ bytes }, known);
    expect(wrong.map(({ text }) => text)).toEqual([
      'Its signature does not verify with the certificate of its issuer.',
    ]);
  });

  test('other ASN.1 is nothing of SCEP', async () => {
    const bytes = der.sequence(der.utf8String('hello'), der.boolean(true));
    expect(await describeObject({ bytes }, await context())).toMatchObject({
      what: 'ASN.1, but nothing of SCEP',
      known: false,
    });
  });
});

describe('encoding', () => {
  test.each([
    ['3003020101', 5],
    ['30820102', 0x106],
    ['3080', undefined],
    ['30', undefined],
    ['3085ffffffffff', undefined],
  ])('%s announces %p octets', (hex, length) => {
    expect(announcedLength(Buffer.from(hex, 'hex'))).toBe(length);
  });

  test.each([
    ['3003020101', undefined],
    ['30800201010000', '1 indefinite lengths'],
    ['308103020101', '1 lengths longer than needed'],
    ['240804020102040203 04'.replace(' ', ''), '1 strings in segments'],
  ])('%s: %p', (hex, forms) => {
    expect(berForms(parseBer(Buffer.from(hex, 'hex')))).toBe(forms);
  });

  test('what DER writes is DER', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70_000 }), (octets) => {
        const bytes = der.sequence(der.octetString(Buffer.from(octets)));
        expect(berForms(parseBer(bytes))).toBeUndefined();
        expect(announcedLength(bytes)).toBe(bytes.length);
      }),
      { numRuns: 30 },
    );
  });
});
