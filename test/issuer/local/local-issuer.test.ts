import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { GatewayError } from '../../../src/errors/index.js';
import { mintAuthorization } from '../../../src/issuer/authorization-mint.js';
import type { IssuanceRequest, LocalAuthority } from '../../../src/issuer/index.js';
import {
  basicConstraints,
  extendedKeyUsage,
  extensionOids,
  keyUsage,
  readBasicConstraints,
  subjectKeyIdentifier,
  type Certificate,
  type RsaKey,
} from '../../../src/x509/index.js';
import { CertificateMint } from '../../../src/issuer/local/certificate-mint.js';
import { newSerialNumber } from '../../../src/issuer/local/serial-number.js';
import { distinguishedName } from '../../support/certificates.js';
import { testKey } from '../../support/keys.js';
import { authorizationFor, issuanceRequest, issuerContract } from '../issuer.contract.js';
import { Site } from './authority-fixture.js';

issuerContract('local CA', async (ca) => {
  const site = new Site();
  if (ca === 'unreachable') {
    const { keys } = site;
    await site.open();
    const load = keys.load.bind(keys);
    keys.load = async (name) => withoutSigning(await load(name));
  }
  return (await site.open()).issuer;
});

/** A key whose token went away after the start. */
function withoutSigning(key: RsaKey): RsaKey {
  return {
    publicKey: key.publicKey,
    sign: () => Promise.reject(new Error('token removed')),
    rawDecrypt: (ciphertext) => key.rawDecrypt(ciphertext),
    rejectionSecret: () => key.rejectionSecret(),
  };
}

async function issue(
  authority: LocalAuthority,
  content: Partial<IssuanceRequest['content']> = {},
): Promise<Certificate> {
  const request = await issuanceRequest('t', 'client', content);
  const outcome = await authority.issuer.submit(request, authorizationFor(request));
  if (outcome.kind !== 'issued') throw new Error(JSON.stringify(outcome));
  return outcome.certificate;
}

describe('a certificate of the local CA', () => {
  test('has the subject of the content, byte for byte', async () => {
    const authority = await new Site().open();
    const subject = distinguishedName('CN=Gerät  1 ,O=Example', 'bmp');
    const certificate = await issue(authority, { subject });
    expect(certificate.subject.der.equals(subject)).toBe(true);
    expect(certificate.issuer.der.equals(authority.thumbprintCertificate.subject.der)).toBe(true);
  });

  test('has the extensions of the content in order, then key identifiers', async () => {
    const authority = await new Site().open();
    const extensions = [
      keyUsage(['digitalSignature', 'keyEncipherment']),
      extendedKeyUsage(['1.3.6.1.5.5.7.3.2']),
      { oid: '1.2.3.4', critical: true, value: Buffer.from('0500', 'hex') },
    ];
    const certificate = await issue(authority, { extensions });
    expect(certificate.extensions.slice(0, 3)).toEqual(extensions);
    expect(certificate.extensions.slice(3).map(({ oid }) => oid)).toEqual([
      extensionOids.subjectKeyIdentifier,
      extensionOids.authorityKeyIdentifier,
    ]);
    const ca = authority.thumbprintCertificate;
    expect(
      certificate
        .extension(extensionOids.authorityKeyIdentifier)
        ?.value.subarray(4)
        .toString('hex'),
    ).toBe(ca.extension(extensionOids.subjectKeyIdentifier)?.value.subarray(2).toString('hex'));
  });

  test('says where it comes from in our words, whatever the content says', async () => {
    const authority = await new Site().open(undefined, {
      publicUrl: 'http://scep.example.com/',
    });
    const foreign = [
      subjectKeyIdentifier(testKey('client-2').publicKey),
      { oid: extensionOids.cdp, critical: false, value: Buffer.from('3000', 'hex') },
    ];
    const certificate = await issue(authority, { extensions: foreign });
    expect(certificate.extensions.map(({ oid }) => oid)).toEqual([
      extensionOids.subjectKeyIdentifier,
      extensionOids.authorityKeyIdentifier,
      extensionOids.cdp,
      extensionOids.authorityInfoAccess,
    ]);
    const text = certificate.extensions.map(({ value }) => value.toString('latin1')).join(' ');
    expect(text).toContain('http://scep.example.com/crl/local.crl');
    expect(text).toContain('http://scep.example.com/ca/local.cer');
    expect(certificate.extensions[0]).toEqual(subjectKeyIdentifier(testKey('client').publicKey));
  });

  test('points to an internationalized host in ASCII', async () => {
    const authority = await new Site().open(undefined, { publicUrl: 'https://gerät.example/scep' });
    const { value } = (await issue(authority)).extension(extensionOids.cdp)!;
    expect(value.toString('latin1')).toContain('https://xn--gert-noa.example/scep/crl/local.crl');
  });

  test('begins in the past and ends after the days of the content', async () => {
    const site = new Site();
    const authority = await site.open({ backdateMinutes: 120 });
    site.now = new Date('2026-03-01T12:00:00.700Z');
    const certificate = await issue(authority, { validityDays: 10 });
    expect(certificate.notBefore.toISOString()).toBe('2026-03-01T10:00:00.000Z');
    expect(certificate.notAfter.toISOString()).toBe('2026-03-11T12:00:00.000Z');
  });

  test('never lies outside the validity of its CA', async () => {
    const site = new Site();
    const authority = await site.open({ rootYears: 1 });
    const ca = authority.thumbprintCertificate;
    const early = await issue(authority, { validityDays: 3650 });
    expect(early.notBefore).toEqual(ca.notBefore);
    expect(early.notAfter).toEqual(ca.notAfter);
  });

  test('is not made by a CA that has ended: the device comes again', async () => {
    const site = new Site();
    const authority = await site.open({ rootYears: 1 });
    site.passDays(366);
    const request = await issuanceRequest('t');
    await expect(authority.issuer.submit(request, authorizationFor(request))).resolves.toEqual({
      kind: 'unavailable',
      submission: 'none',
      detail: 'the CA certificate ended on 2027-01-01T00:00:00.000Z',
    });
  });

  test('is not made while the key is away: its word on when to come again goes on', async () => {
    const authority = await new Site().open();
    const request = await issuanceRequest('t');
    const away = new GatewayError('keys.unavailable', 'The token hsm is away.', {
      mend: 'Look at it.',
      retryAfterSeconds: 10,
    });
    jest.spyOn(CertificateMint.prototype, 'issue').mockRejectedValueOnce(away);
    await expect(authority.issuer.submit(request, authorizationFor(request))).resolves.toEqual({
      kind: 'unavailable',
      submission: 'none',
      detail: expect.stringContaining('The token hsm is away.') as unknown,
      mend: 'Look at it.',
      retryAfterSeconds: 10,
    });
  });

  test('is never a CA certificate', async () => {
    const authority = await new Site().open();
    const riddle = {
      oid: extensionOids.basicConstraints,
      critical: true,
      value: Buffer.from('ff'),
    };
    for (const extension of [basicConstraints({ ca: true, pathLength: 0 }), riddle]) {
      const request = await issuanceRequest('t', 'client', { extensions: [extension] });
      await expect(
        authority.issuer.submit(request, authorizationFor(request)),
      ).resolves.toMatchObject({ kind: 'refused', text: 'This CA issues no CA certificates.' });
    }
    const plain = await issue(authority, { extensions: [basicConstraints({ ca: false })] });
    expect(readBasicConstraints(plain.extensions[0]!).ca).toBe(false);
  });

  test('has a serial number of its own: 100 at once', async () => {
    const authority = await new Site().open();
    const request = await issuanceRequest('t');
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, () =>
        authority.issuer.submit(
          request,
          mintAuthorization('t', request.csr.publicKey.id, { by: 'approval', approver: 'a' }),
        ),
      ),
    );
    const serials = outcomes.map((outcome) =>
      outcome.kind === 'issued' ? outcome.certificate.serial : outcome.kind,
    );
    expect(new Set(serials).size).toBe(100);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9a-f]{33}$/);
  });
});

describe('newSerialNumber', () => {
  test('keeps 134 of the random bits, is positive and 17 octets long', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 17, maxLength: 17 }), (random) => {
        const serial = newSerialNumber(() => Buffer.from(random));
        expect(serial.length).toBe(17);
        expect(serial[0]! & 0xc0).toBe(0x40);
        expect(serial[0]! & 0x3f).toBe(random[0]! & 0x3f);
        expect(serial.subarray(1).equals(random.subarray(1))).toBe(true);
      }),
    );
  });
});
