import { describe, expect, test } from '@jest/globals';
import { verifyIssuedBy } from '../../../src/x509/index.js';
import { Site } from './authority-fixture.js';

describe('RA certificates', () => {
  test('are renewed with less than 30 days left; the replaced key opens messages for the overlap', async () => {
    const site = new Site();
    const authority = await site.open();
    const [oldSigner, oldRecipient] = authority.registrationAuthority('ra').certificates;
    site.now = new Date('2027-12-01T00:00:00Z');
    expect(await authority.maintain()).toEqual([]);

    site.now = new Date('2027-12-03T00:00:00Z');
    expect(await authority.maintain()).toEqual([
      {
        severity: 'info',
        code: 'ra.renewed',
        text: 'The RA certificates were renewed and now end on 2029-12-03; the keys they replace open requests for 60 days more.',
      },
    ]);
    const { signing, decryption, certificates } = authority.registrationAuthority('ra');
    const [signer, recipient] = certificates;
    expect(signing.certificate).toBe(signer);
    expect(signer!.publicKey.id).not.toBe(oldSigner!.publicKey.id);
    expect(recipient!.publicKey.id).not.toBe(oldRecipient!.publicKey.id);
    expect(verifyIssuedBy(signer!, authority.thumbprintCertificate)).toBe(true);
    expect(decryption.map(({ key }) => key.publicKey.id)).toEqual(
      [recipient!, oldRecipient!, signer!].map(({ publicKey }) => publicKey.id),
    );
    expect(site.keys.names).toEqual(
      expect.arrayContaining(['local-ra-sign-2', 'local-ra-encrypt-2']),
    );
    expect(site.records.added.map(({ thumbprint }) => thumbprint)).toEqual(
      expect.arrayContaining(certificates.map(({ thumbprints }) => thumbprints.sha256)),
    );

    site.passDays(59);
    expect(await authority.maintain()).toEqual([]);
    site.passDays(2);
    expect((await authority.maintain()).map(({ code }) => code)).toEqual(['ra.key-dropped']);
    expect(authority.registrationAuthority('ra').decryption).toHaveLength(2);
    const reopened = await site.open();
    expect(reopened.registrationAuthority('ra').decryption).toHaveLength(2);
  });

  test('are renewed once by many processes', async () => {
    const site = new Site();
    const processes = [await site.open(), await site.open(), await site.open()];
    site.passDays(725);
    await Promise.all(processes.map((one) => one.maintain()));
    await Promise.all(processes.map((one) => one.reload()));
    const seen = processes.map((one) =>
      one.registrationAuthority('ra').certificates.map(({ thumbprints }) => thumbprints.sha256),
    );
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
    expect(processes[0]!.registrationAuthority('ra').decryption).toHaveLength(3);
  });

  test('ended before the start are renewed by the start', async () => {
    const site = new Site();
    await site.open();
    site.passDays(800);
    const { signing } = (await site.open()).registrationAuthority('ra');
    expect(signing.certificate.notAfter > site.now).toBe(true);
  });

  test('follow the configuration on the next start, with the old key in the overlap', async () => {
    const site = new Site();
    const split = await site.open();
    const old = split.registrationAuthority('ra').certificates[1]!;
    const single = await site.open({ raCertificates: 'single', raSubject: 'CN=Renamed-RA' });
    const { certificates, decryption } = single.registrationAuthority('ra');
    expect(certificates.map(({ subject }) => subject.text)).toEqual(['CN=Renamed-RA']);
    expect(decryption.map(({ certificate }) => certificate.thumbprints.sha256)).toEqual([
      certificates[0]!.thumbprints.sha256,
      old.thumbprints.sha256,
    ]);
  });

  test('keep no old key where the overlap is zero', async () => {
    const site = new Site();
    const authority = await site.open({ raOverlapDays: 0 });
    site.passDays(725);
    await authority.maintain();
    expect(authority.registrationAuthority('ra').decryption).toHaveLength(2);
  });

  test('that would end with their CA anyway are not renewed over and over, but warned of', async () => {
    const site = new Site();
    const authority = await site.open({ rootYears: 1 });
    site.passDays(350);
    const notices = await authority.maintain();
    expect(notices).toEqual([
      {
        severity: 'error',
        code: 'ca.expiring',
        text: 'The CA certificate CN=Example CA,O=Example ends on 2027-01-01, and no certificate lasts longer. Prepare a CA rollover.',
      },
      {
        severity: 'warning',
        code: 'ra.expiring',
        text: 'The RA certificates end on 2027-01-01. They end with their CA: prepare a CA rollover.',
      },
    ]);
    site.passDays(30);
    expect((await authority.maintain()).map(({ severity, code }) => [severity, code])).toEqual([
      ['error', 'ca.expired'],
      ['error', 'ra.expired'],
    ]);
  });

  test('work on when an old key is lost, and the administrator is told', async () => {
    const site = new Site();
    const authority = await site.open();
    site.passDays(725);
    await authority.maintain();
    site.keys.forget('local-ra-encrypt-1');
    const restarted = await site.open();
    expect(restarted.registrationAuthority('ra').decryption).toHaveLength(2);
    expect(await restarted.maintain()).toEqual([
      {
        severity: 'warning',
        code: 'ra.key-missing',
        text: 'The key local-ra-encrypt-1 cannot be opened: devices that encrypt to its certificate are not understood.',
      },
    ]);
  });

  test('stay as they are when they cannot be renewed, and the administrator is told', async () => {
    const site = new Site();
    const authority = await site.open();
    const { certificates } = authority.registrationAuthority('ra');
    site.passDays(725);
    site.keys.generate = () => Promise.reject(new Error('disk full'));
    const notices = await authority.maintain();
    expect(notices[0]).toEqual({
      severity: 'error',
      code: 'ra.failed',
      text: 'The RA certificates could not be looked after: Error: disk full',
    });
    expect(notices[1]).toEqual({
      severity: 'warning',
      code: 'ra.expiring',
      text: 'The RA certificates end on 2028-01-01. They are renewed as soon as store and keys can be reached.',
    });
    expect(authority.registrationAuthority('ra').certificates).toEqual(certificates);
  });
});

describe('CA certificates', () => {
  test('are warned of a year before their end', async () => {
    const site = new Site();
    const authority = await site.open({ hierarchy: 'root-and-issuing', raYears: 9 });
    site.now = new Date('2035-01-02T00:00:00Z');
    const codes = (await authority.maintain()).map(({ severity, code, text }) => [
      severity,
      code,
      text.includes('CN=Example CA,'),
    ]);
    expect(codes).toContainEqual(['warning', 'ca.expiring', true]);
    expect(codes.filter(([, code]) => code === 'ca.expiring')).toHaveLength(1);
  });

  test('without keyEncipherment are warned of when a profile publishes the CA alone', async () => {
    const site = new Site();
    await site.open();
    const authority = await site.open({}, { caIsRecipient: true });
    expect((await authority.maintain()).map(({ code }) => code)).toEqual(['ca.not-recipient']);
    expect(authority.registrationAuthority('ca').decryption[0]!.certificate).toBe(
      authority.thumbprintCertificate,
    );
  });
});
