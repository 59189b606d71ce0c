import { beforeEach, describe, expect, test } from '@jest/globals';
import type { LocalAuthority, RaRequest } from '../../../src/issuer/index.js';
import {
  keyUsage,
  parseCertificationRequest,
  readKeyUsage,
  verifyProofOfPossession,
  type Certificate,
  type KeyUsage,
} from '../../../src/x509/index.js';
import { issuedBy, selfSigned } from '../../support/certificates.js';
import { testKey } from '../../support/keys.js';
import { Site } from './authority-fixture.js';

let site: Site;
let authority: LocalAuthority;

beforeEach(async () => {
  site = new Site();
  authority = await site.open();
});

async function certified(
  { csr }: RaRequest,
  options: { usage?: KeyUsage[]; notAfter?: Date } = {},
): Promise<Certificate> {
  const { publicKey, extensions } = parseCertificationRequest(csr);
  const issuer = {
    certificate: await selfSigned(testKey('ca'), { subject: 'CN=LAB-CA1-CA' }),
    key: testKey('ca'),
  };
  return issuedBy(issuer, publicKey, {
    subject: 'CN=RA',
    extensions: options.usage ? [keyUsage(options.usage)] : extensions,
    notAfter: options.notAfter ?? new Date(site.now.getTime() + 730 * 86_400_000),
  });
}

describe('RA certificates of another CA', () => {
  test('are asked for with new keys, each for its use, once', async () => {
    const requests = await authority.raKeeper.request();
    expect(requests.map(({ purpose }) => purpose)).toEqual(['signing', 'encryption']);
    const usages = requests.map(({ csr }) => {
      const parsed = parseCertificationRequest(csr);
      expect(verifyProofOfPossession(parsed)).toBe(true);
      expect(parsed.subject.text).toBe('CN=Example-MSCEP-RA');
      return parsed.extensions.filter(({ oid }) => oid === '2.5.29.15').flatMap(readKeyUsage);
    });
    expect(usages).toEqual([['digitalSignature'], ['keyEncipherment']]);
    expect(await authority.raKeeper.request()).toEqual(requests);
    expect((await site.open()).raKeeper.status().requests).toEqual(requests);
  });

  test('one where one does both', async () => {
    const single = await site.open({ raCertificates: 'single' });
    expect((await single.raKeeper.request()).map(({ purpose }) => purpose)).toEqual(['both']);
  });

  test('come into force together, and the keys they replace open requests for the overlap', async () => {
    const before = authority.registrationAuthority('ra');
    const requests = await authority.raKeeper.request();
    const certificates = await Promise.all(requests.map((request) => certified(request)));
    const status = await authority.raKeeper.install(certificates, 'enrolled');
    expect(status).toMatchObject({ origin: 'enrolled', requests: [] });
    const after = authority.registrationAuthority('ra');
    expect(after.certificates.map(({ der }) => der)).toEqual(certificates.map(({ der }) => der));
    const opens = () =>
      authority.registrationAuthority('ra').decryption.map(({ certificate }) => certificate.der);
    expect(opens()).toContainEqual(before.decryption[0]?.certificate.der);
    expect(status.replaced.map(({ certificate }) => certificate.der)).toEqual([
      before.decryption[0]?.certificate.der,
    ]);
    site.passDays(61);
    await authority.maintain();
    expect(opens()).not.toContainEqual(before.decryption[0]?.certificate.der);
  });

  test('outlive a restart and are not renewed here', async () => {
    const requests = await authority.raKeeper.request();
    const certificates = await Promise.all(requests.map((request) => certified(request)));
    await authority.raKeeper.install(certificates, 'imported');
    site.passDays(725);
    const again = await site.open();
    expect(again.raKeeper.status().origin).toBe('imported');
    const notices = await again.maintain();
    expect(notices.map(({ code }) => code)).toContain('ra.expiring');
    expect(again.registrationAuthority('ra').certificates.map(({ der }) => der)).toEqual(
      certificates.map(({ der }) => der),
    );
  });

  test('their request ids are remembered', async () => {
    const [signing] = await authority.raKeeper.request();
    await authority.raKeeper.noteRequestId(signing?.keyId ?? '', '81');
    expect((await site.open()).raKeeper.status().requests.map((one) => one.requestId)).toEqual([
      '81',
      undefined,
    ]);
  });

  test('a certificate that came early is kept, and serves where the other is brought alone', async () => {
    const [signing, encryption] = await authority.raKeeper.request();
    const certificate = await certified(signing!);
    await authority.raKeeper.noteCertificate(signing!.keyId, certificate);
    const again = await site.open();
    const [kept, missing] = again.raKeeper.status().requests;
    expect(kept?.certificate?.der).toEqual(certificate.der);
    expect(missing?.certificate).toBeUndefined();
    const status = await again.raKeeper.install([await certified(encryption!)], 'imported');
    expect(status.signing.der).toEqual(certificate.der);
    expect(status.requests).toEqual([]);
  });

  test('requests can be forgotten', async () => {
    const before = await authority.raKeeper.request();
    await authority.raKeeper.discard();
    expect(authority.raKeeper.status().requests).toEqual([]);
    const after = await authority.raKeeper.request();
    expect(after.map(({ keyId }) => keyId)).not.toEqual(before.map(({ keyId }) => keyId));
  });
});

describe('what cannot be installed', () => {
  test('anything, before it was asked for', async () => {
    await expect(authority.raKeeper.install([], 'imported')).rejects.toMatchObject({
      code: 'cli.not-found',
    });
  });

  test.each<[string, (requests: readonly RaRequest[]) => Promise<Certificate[]>, string]>([
    [
      'one of two',
      async ([signing]) => [await certified(signing!)],
      'There is no certificate for the encryption request.',
    ],
    [
      'a certificate of another key',
      async ([, encryption]) => [
        await selfSigned(testKey('ra-sign')),
        await certified(encryption!),
      ],
      'There is no certificate for the signing request.',
    ],
    [
      'a wrong use',
      async ([signing, encryption]) => [
        await certified(signing!),
        await certified(encryption!, { usage: ['digitalSignature'] }),
      ],
      'The RA certificate CN=RA lacks the keyUsage keyEncipherment.',
    ],
    [
      'an expired one',
      async ([signing, encryption]) => [
        await certified(signing!, { notAfter: new Date('2025-12-31T00:00:00Z') }),
        await certified(encryption!),
      ],
      'The RA certificate CN=RA is valid from 2020-01-01T00:00:00.000Z to 2025-12-31T00:00:00.000Z, not now.',
    ],
  ])('%s', async (_, make, message) => {
    const before = authority.registrationAuthority('ra').certificates;
    const requests = await authority.raKeeper.request();
    await expect(
      authority.raKeeper.install(await make(requests), 'imported'),
    ).rejects.toMatchObject({ code: 'config.invalid', message });
    expect(authority.registrationAuthority('ra').certificates).toEqual(before);
    expect(authority.raKeeper.status().requests).toEqual(requests);
  });
});
