import { describe, expect, test } from '@jest/globals';
import type { LocalAuthority } from '../../../src/issuer/index.js';
import { parseCrl, verifyIssuedBy, type Certificate } from '../../../src/x509/index.js';
import { authorizationFor, issuanceRequest } from '../issuer.contract.js';
import { Site } from './authority-fixture.js';

async function issue(authority: LocalAuthority): Promise<Certificate> {
  const request = await issuanceRequest('t', 'client-4096');
  const outcome = await authority.issuer.submit(request, authorizationFor(request));
  if (outcome.kind !== 'issued') throw new Error(outcome.kind);
  return outcome.certificate;
}

function thumbprints(certificates: readonly Certificate[]): string[] {
  return certificates.map((one) => one.thumbprints.sha256);
}

function recipients(authority: LocalAuthority, kind: 'ra' | 'ca' = 'ra'): string[] {
  return thumbprints(
    authority.registrationAuthority(kind).decryption.map(({ certificate }) => certificate),
  );
}

describe('a CA rollover', () => {
  test('is announced when prepared, and takes over when activated', async () => {
    const site = new Site();
    const authority = await site.open();
    const [old] = authority.issuer.chain;
    const oldRa = authority.registrationAuthority('ra').certificates;
    expect(authority.rollover()).toBeUndefined();
    expect(authority.rolloverStatus()).toEqual({ current: old, next: undefined, retired: [] });

    const status = await authority.prepareRollover();
    const next = authority.rollover()!;
    expect(status.next?.subject.text).toBe('CN=Example CA G2,O=Example');
    expect(next.chain).toEqual([status.next]);
    expect(next.raCertificates).toHaveLength(2);
    for (const ra of next.raCertificates) expect(verifyIssuedBy(ra, next.chain[0]!)).toBe(true);
    // Nothing has changed for devices yet, but one that is early is understood.
    expect(verifyIssuedBy(await issue(authority), old!)).toBe(true);
    expect(thumbprints(authority.registrationAuthority('ra').certificates)).toEqual(
      thumbprints(oldRa),
    );
    expect(thumbprints(authority.knownCas)).toEqual([old!.thumbprints.sha256]);
    expect(recipients(authority)).toContain(next.raCertificates[1]!.thumbprints.sha256);

    site.passDays(10);
    await authority.activateRollover();
    expect(authority.rollover()).toBeUndefined();
    expect(authority.issuer.chain).toEqual(next.chain);
    expect(authority.registrationAuthority('ra').certificates).toEqual(next.raCertificates);
    expect(thumbprints(authority.knownCas)).toEqual(thumbprints([next.chain[0]!, old!]));
    expect(authority.rolloverStatus().retired).toMatchObject([{ retiredAt: site.now }]);
    expect(verifyIssuedBy(await issue(authority), next.chain[0]!)).toBe(true);
    expect(recipients(authority)).toContain(oldRa[1]!.thumbprints.sha256);
    expect(recipients(authority)).not.toContain(oldRa[0]!.thumbprints.sha256);

    site.passDays(61);
    expect((await authority.maintain()).map(({ code }) => code)).toEqual(['ra.key-dropped']);
    expect(recipients(authority)).not.toContain(oldRa[1]!.thumbprints.sha256);
    expect(thumbprints(authority.knownCas)).toHaveLength(2);
  });

  test('leaves the old CA its CRL, its number line and its paths', async () => {
    const site = new Site();
    const authority = await site.open(undefined, { publicUrl: 'http://scep.example.com' });
    const [old] = authority.issuer.chain;
    const before = await authority.issuer.currentCrl();
    await authority.prepareRollover();
    const [next] = authority.rollover()!.chain;
    expect(verifyIssuedBy(parseCrl((await authority.crlFor(next!.subject))!), next!)).toBe(true);
    await authority.activateRollover();

    expect(await authority.crlFor(old!.subject)).toEqual(before);
    expect((await authority.published('/crl/local.crl'))?.body).toEqual(before);
    expect((await authority.published('/ca/local.cer'))?.body).toEqual(old!.der);
    const crl = await authority.issuer.currentCrl();
    expect((await authority.published('/crl/local.2.crl'))?.body).toEqual(crl);
    expect((await authority.published('/ca/local.2.cer'))?.body).toEqual(next!.der);
    const certificate = await issue(authority);
    const text = certificate.extensions.map(({ value }) => value.toString('latin1')).join(' ');
    expect(text).toContain('http://scep.example.com/crl/local.2.crl');
    expect(await authority.crlFor(certificate.subject)).toBeUndefined();
  });

  test('survives a restart in every stage', async () => {
    const site = new Site();
    const authority = await site.open();
    await authority.prepareRollover();
    const prepared = authority.rollover()!;
    const restarted = await site.open();
    expect(restarted.rollover()).toEqual(prepared);
    await restarted.activateRollover();
    const again = await site.open();
    expect(thumbprints(again.issuer.chain)).toEqual(thumbprints(prepared.chain));
    expect(thumbprints(again.knownCas)).toEqual(thumbprints(restarted.knownCas));
    expect(recipients(again)).toEqual(recipients(restarted));
  });

  test('by another process is taken up by reload', async () => {
    const site = new Site();
    const server = await site.open();
    const commandLine = await site.open();
    expect(await server.reload()).toBe(false);
    await commandLine.prepareRollover();
    expect(server.rollover()).toBeUndefined();
    expect(await server.reload()).toBe(true);
    expect(server.rollover()).toEqual(commandLine.rollover());
    expect(await server.reload()).toBe(false);
    await commandLine.activateRollover();
    expect((await server.maintain()).map(({ code }) => code)).toEqual([]);
    expect(thumbprints(server.issuer.chain)).toEqual(thumbprints(commandLine.issuer.chain));
  });

  test('and a renewal of the RA at the same time in another process do not undo each other', async () => {
    const site = new Site();
    const server = await site.open();
    const commandLine = await site.open();
    site.passDays(710);
    site.state.beforeSwap = () => commandLine.prepareRollover();
    expect((await server.maintain()).map(({ code }) => code)).toContain('ra.renewed');
    expect(server.rollover()).toEqual(commandLine.rollover());
    await commandLine.reload();
    expect(recipients(commandLine)).toEqual(recipients(server));
  });

  test('goes from root to root with the generation in the name', async () => {
    const site = new Site();
    const authority = await site.open();
    for (const name of ['CN=Example CA G2,O=Example', 'CN=Example CA G3,O=Example']) {
      await authority.prepareRollover();
      await authority.activateRollover();
      expect(authority.thumbprintCertificate.subject.text).toBe(name);
    }
    expect(authority.knownCas).toHaveLength(3);
    const keys = site.keys.names;
    expect(new Set(keys).size).toBe(9);
  });

  test('can have a name of its own', async () => {
    const authority = await new Site().open();
    const { next } = await authority.prepareRollover({ subject: 'CN=New CA' });
    expect(next?.subject.text).toBe('CN=New CA');
  });

  test('keeps the root of two levels while that lasts, and brings a new one when not', async () => {
    const site = new Site();
    const authority = await site.open({ hierarchy: 'root-and-issuing' });
    const root = authority.issuer.chain[1]!;
    await authority.prepareRollover();
    expect(authority.rollover()!.chain[1]!.der.equals(root.der)).toBe(true);
    await authority.discardRollover();

    await authority.prepareRollover({ newRoot: true });
    expect(authority.rollover()!.chain[1]!.subject.text).toBe('CN=Example Root CA G2,O=Example');
    await authority.discardRollover();

    site.passDays(11 * 366);
    await authority.prepareRollover();
    const [next, newRoot] = authority.rollover()!.chain;
    expect(newRoot!.der.equals(root.der)).toBe(false);
    expect(verifyIssuedBy(next!, newRoot!)).toBe(true);
    await authority.activateRollover();
    expect(await authority.published('/crl/local.root.crl')).toBeDefined();
    expect((await authority.published('/ca/local.root.3.cer'))?.body).toEqual(newRoot!.der);
  });

  test('of a CA that devices encrypt to keeps the old CA key for the overlap', async () => {
    const site = new Site();
    const authority = await site.open({}, { caIsRecipient: true });
    const old = authority.thumbprintCertificate.thumbprints.sha256;
    await authority.prepareRollover();
    const next = authority.rollover()!.chain[0]!.thumbprints.sha256;
    expect(recipients(authority, 'ca')).toContain(next);
    await authority.activateRollover();
    expect(recipients(authority, 'ca').slice(0, 2)).toEqual([next, old]);
    site.passDays(61);
    await authority.maintain();
    expect(recipients(authority, 'ca')).not.toContain(old);
  });

  test('can be discarded, prepared again, but not prepared twice or activated unprepared', async () => {
    const authority = await new Site().open();
    for (const change of ['activateRollover', 'discardRollover'] as const) {
      await expect(authority[change]()).rejects.toMatchObject({
        code: 'cli.not-found',
        message: 'No CA rollover is prepared.',
      });
    }
    await authority.prepareRollover();
    await expect(authority.prepareRollover()).rejects.toMatchObject({
      code: 'cli.usage',
      message: 'A CA rollover is prepared already.',
    });
    expect((await authority.discardRollover()).next).toBeUndefined();
    expect(authority.rollover()).toBeUndefined();
    expect((await authority.prepareRollover()).next).toBeDefined();
  });

  test('lets nobody see half a CA: requests during an activation are answered by one of the two', async () => {
    const authority = await new Site().open();
    await authority.prepareRollover();
    const cas = [authority.thumbprintCertificate, authority.rollover()!.chain[0]!];
    const issuing = Array.from({ length: 10 }, () => issue(authority));
    await authority.activateRollover();
    issuing.push(...Array.from({ length: 10 }, () => issue(authority)));
    for (const certificate of await Promise.all(issuing)) {
      expect(cas.filter((ca) => verifyIssuedBy(certificate, ca))).toHaveLength(1);
    }
  });
});
