import { describe, expect, test } from '@jest/globals';
import type { ImportedKeyPair } from '../../../src/issuer/index.js';
import {
  basicConstraints,
  keyUsage,
  verifyIssuedBy,
  type Certificate,
  type KeyUsage,
} from '../../../src/x509/index.js';
import { issuedBy, selfSigned, type CertificateOptions } from '../../support/certificates.js';
import { testKey, testKeyObject, type TestKeyName } from '../../support/keys.js';
import { authorizationFor, issuanceRequest } from '../issuer.contract.js';
import { Site } from './authority-fixture.js';

const caExtensions = [basicConstraints({ ca: true }), keyUsage(['keyCertSign', 'cRLSign'])];

function pem(key: TestKeyName, type: 'pkcs1' | 'pkcs8' = 'pkcs8'): string {
  const object = testKeyObject(key);
  return object.export({ format: 'pem', type }).toString();
}

async function ca(
  key: TestKeyName = 'client-2',
  options: CertificateOptions = {},
): Promise<ImportedKeyPair & { readonly certificate: Certificate }> {
  const certificate = await selfSigned(testKey(key), {
    subject: 'CN=Corporate CA',
    extensions: caExtensions,
    ...options,
  });
  return { privateKeyPem: pem(key), certificates: [certificate], certificate };
}

async function ra(
  key: TestKeyName,
  usages: readonly KeyUsage[],
  options: CertificateOptions = {},
): Promise<ImportedKeyPair & { readonly certificate: Certificate }> {
  const issuer = await ca('client-4096');
  const certificate = await issuedBy(
    { certificate: issuer.certificate, key: testKey('client-4096') },
    testKey(key).publicKey,
    { subject: 'CN=Corporate RA', extensions: [keyUsage(usages)], ...options },
  );
  return { privateKeyPem: pem(key), certificates: [certificate], certificate };
}

describe('an imported CA', () => {
  test('issues, with its chain in order, and is found again without the import', async () => {
    const site = new Site();
    const root = await ca('client-4096', { subject: 'CN=Corporate Root' });
    const issuing = await issuedBy(
      { certificate: root.certificate, key: testKey('client-4096') },
      testKey('client-2').publicKey,
      { subject: 'CN=Corporate Issuing CA', extensions: caExtensions },
    );
    const stranger = await selfSigned(testKey('ca'), { subject: 'CN=Stranger' });
    const authority = await site.open(undefined, {
      imported: {
        ca: {
          privateKeyPem: pem('client-2', 'pkcs1'),
          certificates: [stranger, root.certificate, issuing],
        },
      },
    });
    expect(authority.issuer.chain).toEqual([issuing, root.certificate]);
    const request = await issuanceRequest('t');
    const outcome = await authority.issuer.submit(request, authorizationFor(request));
    expect(outcome.kind === 'issued' && verifyIssuedBy(outcome.certificate, issuing)).toBe(true);
    expect(await authority.crlFor(root.certificate.subject)).toBeUndefined();
    expect(await authority.issuer.currentCrl()).toBeDefined();
    const again = await site.open();
    expect(again.thumbprintCertificate.der.equals(issuing.der)).toBe(true);
  });

  test('is met again on later starts and changes nothing, even after it has ended', async () => {
    const site = new Site();
    const imported = { ca: await ca('client-2', { notAfter: new Date('2027-01-01T00:00:00Z') }) };
    await site.open(undefined, { imported });
    site.passDays(400);
    const again = await site.open(undefined, { imported });
    expect(again.thumbprintCertificate.der.equals(imported.ca.certificate.der)).toBe(true);
  });

  test('certified anew on the same key and name takes the place of its older certificate', async () => {
    const site = new Site();
    const older = await ca('client-2');
    const newer = await ca('client-2', { notBefore: new Date('2025-06-01T00:00:00Z') });
    await site.open(undefined, { imported: { ca: older } });
    const authority = await site.open(undefined, { imported: { ca: newer } });
    expect(authority.thumbprintCertificate.der.equals(newer.certificate.der)).toBe(true);
    await site.open(undefined, { imported: { ca: older } });
    expect((await site.open()).thumbprintCertificate.der.equals(newer.certificate.der)).toBe(true);
  });

  test('does not push aside a CA that issues already', async () => {
    const site = new Site();
    await site.open();
    await expect(site.open(undefined, { imported: { ca: await ca() } })).rejects.toMatchObject({
      code: 'config.invalid',
      message:
        'The issuer local already has the CA CN=Example CA,O=Example; the imported one is CN=Corporate CA with another key or name.',
      mend: 'Prepare a CA rollover with the imported CA, or configure it as a new issuer.',
    });
  });

  test('can be the next CA of a rollover, but not with a key that is known', async () => {
    const site = new Site();
    const imported = await ca();
    const authority = await site.open();
    const { next } = await authority.prepareRollover({ imported });
    expect(next).toEqual(imported.certificate);
    await authority.activateRollover();
    await expect(authority.prepareRollover({ imported })).rejects.toMatchObject({
      code: 'config.invalid',
      message: 'The imported CA has the key of CN=Corporate CA.',
    });
    const restarted = await site.open(undefined, { imported: { ca: imported } });
    expect(restarted.thumbprintCertificate.der.equals(imported.certificate.der)).toBe(true);
  });

  test.each<[string, () => Promise<ImportedKeyPair>, string]>([
    ['an EC key', () => ca('client-p-256'), 'The CA key of CN=Corporate CA is EC P-256.'],
    ['a small RSA key', () => ca('client-1024'), 'The CA key of CN=Corporate CA is RSA 1024.'],
    [
      'no CA bit',
      () => ca('client-2', { extensions: [] }),
      'The certificate CN=Corporate CA is no CA certificate (basicConstraints).',
    ],
    [
      'basicConstraints that say no CA',
      () => ca('client-2', { extensions: [basicConstraints({ ca: false })] }),
      'The certificate CN=Corporate CA is no CA certificate (basicConstraints).',
    ],
    [
      'a keyUsage without keyCertSign',
      () =>
        ca('client-2', {
          extensions: [basicConstraints({ ca: true }), keyUsage(['digitalSignature'])],
        }),
      'The CA certificate CN=Corporate CA must not sign certificates (keyUsage).',
    ],
    [
      'the key of another certificate',
      async () => ({ ...(await ca()), privateKeyPem: pem('client') }),
      'The CA private key belongs to none of the certificates that came with it.',
    ],
    [
      'an end in the past',
      () => ca('client-2', { notAfter: new Date('2025-12-31T00:00:00Z') }),
      'The CA certificate CN=Corporate CA is valid from 2020-01-01T00:00:00.000Z to 2025-12-31T00:00:00.000Z, not now.',
    ],
    [
      'a beginning in the future',
      () => ca('client-2', { notBefore: new Date('2026-01-02T00:00:00Z') }),
      'The CA certificate CN=Corporate CA is valid from 2026-01-02T00:00:00.000Z to 2049-12-31T23:59:59.000Z, not now.',
    ],
    [
      'a key that is none',
      async () => ({ ...(await ca()), privateKeyPem: 'not a key' }),
      'The private key of the imported CA cannot be read.',
    ],
  ])('with %s is refused and nothing is kept', async (_name, make, message) => {
    const site = new Site();
    await expect(site.open(undefined, { imported: { ca: await make() } })).rejects.toMatchObject({
      code: 'config.invalid',
      message,
      mend: expect.any(String),
    });
    expect(site.keys.names).toEqual([]);
    expect(site.state.values.size).toBe(0);
  });
});

describe('imported RA certificates', () => {
  test('one for both usages', async () => {
    const both = await ra('client-2', ['digitalSignature', 'keyEncipherment']);
    const authority = await new Site().open(undefined, { imported: { ra: [both] } });
    const { signing, decryption, certificates } = authority.registrationAuthority('ra');
    expect(certificates).toEqual([both.certificate]);
    expect(signing.certificate).toEqual(both.certificate);
    expect(decryption.map(({ certificate }) => certificate)).toEqual([both.certificate]);
  });

  test('two, told apart by keyUsage in whatever order', async () => {
    const signer = await ra('client-2', ['digitalSignature']);
    const recipient = await ra('client', ['keyEncipherment']);
    const authority = await new Site().open(undefined, {
      imported: { ra: [recipient, signer] },
    });
    const { signing, decryption } = authority.registrationAuthority('ra');
    expect(signing.certificate).toEqual(signer.certificate);
    expect(decryption[0]!.certificate).toEqual(recipient.certificate);
  });

  test('take the place of ours on a later start, once, and ours still open messages', async () => {
    const site = new Site();
    const ours = (await site.open()).registrationAuthority('ra').certificates[1]!;
    const imported = { ra: [await ra('client-2', ['digitalSignature', 'keyEncipherment'])] };
    for (let start = 0; start < 2; start++) {
      const { decryption } = (await site.open(undefined, { imported })).registrationAuthority('ra');
      expect(decryption.map(({ certificate }) => certificate.thumbprints.sha256)).toEqual([
        imported.ra[0]!.certificate.thumbprints.sha256,
        ours.thumbprints.sha256,
      ]);
    }
  });

  test('are never renewed by us, but warned of', async () => {
    const site = new Site();
    const both = await ra('client-2', ['digitalSignature', 'keyEncipherment'], {
      notAfter: new Date('2026-02-01T00:00:00Z'),
    });
    const authority = await site.open(undefined, { imported: { ra: [both] } });
    site.passDays(10);
    expect(await authority.maintain()).toEqual([
      {
        severity: 'warning',
        code: 'ra.expiring',
        text: 'The RA certificates end on 2026-02-01. Import their successors.',
      },
    ]);
    site.passDays(30);
    expect((await authority.maintain()).map(({ code }) => code)).toEqual(['ra.expired']);
    expect(authority.registrationAuthority('ra').certificates).toEqual([both.certificate]);
  });

  test('of a CA elsewhere outlast a rollover of ours', async () => {
    const both = await ra('client-2', ['digitalSignature', 'keyEncipherment']);
    const authority = await new Site().open(undefined, { imported: { ra: [both] } });
    await authority.prepareRollover();
    expect(authority.rollover()!.raCertificates).toEqual([both.certificate]);
    await authority.activateRollover();
    expect(authority.registrationAuthority('ra').decryption).toHaveLength(1);
  });

  test('of the CA that was replaced do not come back on the next start', async () => {
    const site = new Site();
    const corporate = await ca('client-4096');
    const both = await ra('client-2', ['digitalSignature', 'keyEncipherment']);
    const imported = { ca: corporate, ra: [both] };
    const authority = await site.open(undefined, { imported });
    await authority.prepareRollover();
    const next = authority.rollover()!;
    for (const certificate of next.raCertificates)
      expect(verifyIssuedBy(certificate, next.chain[0]!)).toBe(true);
    await authority.activateRollover();
    const restarted = await site.open(undefined, { imported });
    expect(restarted.registrationAuthority('ra').certificates).toEqual(next.raCertificates);
  });

  test.each<[string, () => Promise<readonly ImportedKeyPair[]>, string]>([
    ['none at all', () => Promise.resolve([]), '0 RA certificates were given.'],
    [
      'three',
      async () => {
        const one = await ra('client-2', ['digitalSignature']);
        return [one, one, one];
      },
      '3 RA certificates were given.',
    ],
    [
      'two that both only sign',
      () => Promise.all([ra('client-2', ['digitalSignature']), ra('client', ['digitalSignature'])]),
      'The RA certificates cannot both sign replies and open requests.',
    ],
    [
      'one that only encrypts',
      async () => [await ra('client-2', ['keyEncipherment'])],
      'The RA certificates cannot both sign replies and open requests.',
    ],
    [
      'an EC key',
      async () => [await ra('client-p-256', ['digitalSignature', 'keyEncipherment'])],
      'The RA key of CN=Corporate RA is EC P-256.',
    ],
  ])('%s: refused', async (_name, make, message) => {
    const site = new Site();
    await expect(site.open(undefined, { imported: { ra: await make() } })).rejects.toMatchObject({
      code: 'config.invalid',
      message,
    });
  });
});
