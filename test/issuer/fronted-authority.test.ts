import { beforeEach, describe, expect, test } from '@jest/globals';
import { frontedAuthority, type Authority } from '../../src/issuer/index.js';
import { ScriptedIssuer } from '../support/scripted-issuer.js';
import { Site } from './local/authority-fixture.js';

let site: Site;
let issuer: ScriptedIssuer;
let authority: Authority;

beforeEach(async () => {
  site = new Site();
  issuer = await ScriptedIssuer.create();
  authority = frontedAuthority({ issuer, ra: await site.open() });
});

describe('a foreign CA behind our RA', () => {
  test('shows the RA keys that are here and the CA that is not', () => {
    expect(authority.kind).toBe('foreign');
    expect(authority.issuer).toBe(issuer);
    expect(authority.thumbprintCertificate).toBe(issuer.chain[0]);
    expect(authority.knownCas).toEqual([issuer.chain[0]]);
    const { signing, decryption, certificates } = authority.registrationAuthority('ra');
    expect(certificates).toHaveLength(2);
    expect(certificates).toContain(signing.certificate);
    expect(decryption.length).toBeGreaterThan(0);
  });

  test('never shows the CA that certifies the RA keys', async () => {
    const hidden = (await site.open()).thumbprintCertificate;
    expect(authority.registrationAuthority('ca').certificates).not.toContainEqual(hidden);
    expect(await authority.crlFor(hidden.subject)).toBeUndefined();
    expect(await authority.published('/crl/local.crl')).toBeUndefined();
    expect(authority.rollover()).toBeUndefined();
  });

  test('keeps its RA certificates fresh, and tells of them alone', async () => {
    const before = authority.registrationAuthority('ra').certificates;
    site.passDays(2 * 365 - 20);
    const codes = (await authority.maintain()).map(({ code }) => code);
    expect(codes).toEqual(['ra.renewed']);
    expect(authority.registrationAuthority('ra').certificates).not.toEqual(before);
  });

  test('tells what its owner has to say as well', async () => {
    const notice = { severity: 'error', code: 'upstream.failed', text: 'it is down' } as const;
    const ra = await site.open();
    const reloads: string[] = [];
    const other = frontedAuthority({
      issuer,
      ra,
      maintain: () => Promise.resolve([notice]),
      reload: () => {
        reloads.push('called');
        return Promise.resolve(true);
      },
      replacedCas: () => [ra.thumbprintCertificate],
    });
    expect(await other.maintain()).toEqual([notice]);
    expect(await other.reload()).toBe(true);
    expect(reloads).toEqual(['called']);
    expect(other.knownCas).toEqual([issuer.chain[0], ra.thumbprintCertificate]);
  });
});
