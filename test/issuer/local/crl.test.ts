import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { LocalAuthority } from '../../../src/issuer/index.js';
import { ownCertificateRecord } from '../../../src/issuer/local/certificate-record.js';
import type { CertificateRecord } from '../../../src/store/index.js';
import { parseCrl, verifyIssuedBy, type Certificate } from '../../../src/x509/index.js';
import { hasOpenssl, runOpenssl } from '../../support/openssl.js';
import { authorizationFor, issuanceRequest } from '../issuer.contract.js';
import { Site } from './authority-fixture.js';

const withOpenssl = hasOpenssl() ? test : test.skip;

async function issue(authority: LocalAuthority, validityDays = 365): Promise<Certificate> {
  const request = await issuanceRequest('t', 'client', { validityDays });
  const outcome = await authority.issuer.submit(request, authorizationFor(request));
  if (outcome.kind !== 'issued') throw new Error(outcome.kind);
  return outcome.certificate;
}

function revoked(certificate: Certificate, site: Site, reason = 1): CertificateRecord {
  return {
    ...ownCertificateRecord(certificate, 'local', site.now),
    revokedAt: site.now,
    revocationReason: reason,
  };
}

async function currentCrl(authority: LocalAuthority) {
  return parseCrl((await authority.issuer.currentCrl())!);
}

describe('the CRL', () => {
  test('is empty at first, numbered 1, and lasts as configured', async () => {
    const site = new Site();
    const crl = await currentCrl(await site.open({ crlHours: 24 }));
    expect(crl.number).toBe(1);
    expect(crl.revoked).toEqual([]);
    expect(crl.thisUpdate.toISOString()).toBe('2025-12-31T23:50:00.000Z');
    expect(crl.nextUpdate?.toISOString()).toBe('2026-01-01T23:50:00.000Z');
  });

  test('is the same until something is revoked, then names it at once', async () => {
    const site = new Site();
    const authority = await site.open();
    const before = await authority.issuer.currentCrl();
    expect(await authority.issuer.currentCrl()).toBe(before);
    expect(site.records.revokedReads).toBe(1);

    const victim = await issue(authority);
    site.records.revoke(revoked(victim, site, 4));
    const crl = await currentCrl(authority);
    expect(crl.number).toBe(2);
    expect(crl.revoked).toEqual([{ serial: victim.serial, at: site.now, reason: 4 }]);
  });

  test('is made anew at half of its life', async () => {
    const site = new Site();
    const authority = await site.open({ crlHours: 48 });
    expect((await currentCrl(authority)).number).toBe(1);
    site.now = new Date('2026-01-01T23:49:00Z');
    expect((await currentCrl(authority)).number).toBe(1);
    site.now = new Date('2026-01-01T23:51:00Z');
    expect((await currentCrl(authority)).number).toBe(2);
  });

  test('is kept over a restart', async () => {
    const site = new Site();
    const before = await (await site.open()).issuer.currentCrl();
    const after = await (await site.open()).issuer.currentCrl();
    expect(after).toEqual(before);
    expect(site.records.revokedReads).toBe(1);
  });

  test('is made once for many who ask at once', async () => {
    const site = new Site();
    const authority = await site.open();
    const crls = await Promise.all(Array.from({ length: 50 }, () => authority.issuer.currentCrl()));
    expect(new Set(crls).size).toBe(1);
    expect(site.records.revokedReads).toBe(1);
  });

  test('never misses a revocation that came while one was being made', async () => {
    const site = new Site();
    const authority = await site.open();
    const victim = await issue(authority);
    site.state.beforeSwap = () => {
      site.records.revoke(revoked(victim, site));
      return Promise.resolve();
    };
    const crl = await currentCrl(authority);
    expect(crl.revoked.map(({ serial }) => serial)).toEqual([victim.serial]);
  });

  test('of two processes has one number line', async () => {
    const site = new Site();
    const [one, other] = await Promise.all([site.open(), site.open()]);
    site.state.beforeSwap = () => other.issuer.currentCrl();
    const both = [await currentCrl(one), await currentCrl(other)];
    expect(both[0]!.der.equals(both[1]!.der)).toBe(true);
    site.records.revoke(revoked(await issue(one), site));
    expect((await currentCrl(other)).number).toBe((await currentCrl(one)).number);
  });

  test('forgets a certificate some CRLs after its end', async () => {
    const site = new Site();
    const authority = await site.open({ crlHours: 24 });
    site.records.revoke(revoked(await issue(authority, 10), site));
    site.passDays(11);
    expect((await currentCrl(authority)).revoked).toHaveLength(1);
    site.passDays(2);
    expect((await currentCrl(authority)).revoked).toHaveLength(0);
  });

  test('goes on while the store is away, as long as it is valid', async () => {
    const site = new Site();
    const authority = await site.open({ crlHours: 24 });
    const last = await authority.issuer.currentCrl();
    site.records.broken = new Error('disk gone');
    site.passDays(0.9);
    expect(await authority.issuer.currentCrl()).toBe(last);
    expect(await authority.maintain()).toEqual([
      {
        severity: 'error',
        code: 'crl.failed',
        text: 'The CRL could not be renewed, the last one is still served: Error: disk gone',
      },
    ]);
    site.passDays(0.2);
    await expect(authority.issuer.currentCrl()).rejects.toMatchObject({
      code: 'issuer.unavailable',
      message: 'The CRL cannot be made now.',
    });
    site.records.broken = undefined;
    expect((await currentCrl(authority)).number).toBe(2);
  });

  test('stands, with the CA certificate, where CDP and AIA point', async () => {
    const authority = await new Site().open({ hierarchy: 'root-and-issuing' });
    const [issuing, root] = authority.issuer.chain;
    expect(await authority.published('/crl/local.crl')).toEqual({
      contentType: 'application/pkix-crl',
      body: await authority.issuer.currentCrl(),
    });
    expect(await authority.published('/ca/local.cer')).toEqual({
      contentType: 'application/pkix-cert',
      body: issuing!.der,
    });
    expect((await authority.published('/ca/local.root.cer'))?.body).toBe(root!.der);
    const rootCrl = parseCrl((await authority.published('/crl/local.root.crl'))!.body);
    expect(verifyIssuedBy(rootCrl, root!)).toBe(true);
    expect(await authority.crlFor(root!.subject)).toEqual(rootCrl.der);
    expect(await authority.published('/crl/other.crl')).toBeUndefined();
    expect(await authority.published('/ca/local.2.cer')).toBeUndefined();
  });

  withOpenssl('openssl finds a revoked certificate by it, and lets another pass', async () => {
    const site = new Site();
    site.now = new Date();
    const authority = await site.open();
    const [bad, good] = [await issue(authority), await issue(authority)];
    site.records.revoke(revoked(bad, site));
    const crl = await authority.issuer.currentCrl();
    const directory = mkdtempSync(join(tmpdir(), 'scep-gateway-'));
    try {
      const file = (name: string, content: string | Buffer): string => {
        const path = join(directory, name);
        writeFileSync(path, content);
        return path;
      };
      const ca = file('ca.pem', authority.thumbprintCertificate.toPem());
      const der = file('crl.der', crl!);
      const pem = file('crl.pem', runOpenssl(['crl', '-inform', 'DER', '-in', der]));
      const verify = (certificate: Certificate): string =>
        runOpenssl([
          'verify',
          ...['-crl_check', '-CAfile', ca, '-CRLfile', pem],
          file('leaf.pem', certificate.toPem()),
        ]);
      expect(verify(good)).toMatch(/: OK\n$/);
      expect(() => verify(bad)).toThrow('certificate revoked');
      expect(runOpenssl(['crl', '-in', pem, '-noout', '-CAfile', ca, '-text'])).toContain(
        'Key Compromise',
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
