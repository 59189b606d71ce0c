/** What the doctor says of certificates, clocks and CRLs, one played case for each result. */
import { describe, expect, test } from '@jest/globals';
import { der } from '../../src/asn1/index.js';
import { Examination } from '../../src/doctor/examination.js';
import { expiryVerdict } from '../../src/doctor/expiry.js';
import { ok } from '../../src/doctor/finding.js';
import { clockVerdict } from '../../src/doctor/clock.js';
import { examineRa } from '../../src/doctor/registration-authority.js';
import { examineCrls } from '../../src/doctor/revocation.js';
import { signatureVerdicts } from '../../src/doctor/signature.js';
import { offeredVerdict } from '../../src/doctor/sign-in.js';
import type { World } from '../../src/doctor/world.js';
import type { RaStatus } from '../../src/issuer/index.js';
import {
  basicConstraints,
  buildCrl,
  Certificate,
  crlDistributionPoints,
  keyUsage,
  type KeyUsage,
} from '../../src/x509/index.js';
import { issuedBy, selfSigned, type CertificateOptions } from '../support/certificates.js';
import { testKey } from '../support/keys.js';

const now = new Date('2026-06-01T00:00:00Z');
const authority = basicConstraints({ ca: true, pathLength: undefined });

function examination(mostMillis = 5000): Examination {
  return new Examination((_doing, work) => work, { mostMillis });
}

function ca(options: CertificateOptions = {}): Promise<Certificate> {
  return selfSigned(testKey('ca'), { subject: 'CN=Corp CA', extensions: [authority], ...options });
}

describe('an examination', () => {
  test('skips what stands on a failed or skipped check of the same thing, and only that', async () => {
    const all = examination();
    const fail = () => ({ result: 'failed', text: 'No.', next: 'Do.' }) as const;
    await all.check({ id: 'a', about: 'x' }, fail);
    await all.check({ id: 'b', about: 'x', needs: ['a'] }, () => ok('Not asked.'));
    await all.check({ id: 'c', about: 'x', needs: ['b'] }, () => ok('Not asked.'));
    await all.check({ id: 'b', about: 'y', needs: ['a'] }, () => ok('Asked.'));
    expect(all.findings.map(({ result, because }) => [result, because])).toEqual([
      ['failed', undefined],
      ['skipped', 'a'],
      ['skipped', 'b'],
      ['ok', undefined],
    ]);
  });

  test('ends what never ends', async () => {
    const all = examination(20);
    await all.check({ id: 'a', about: 'x' }, () => new Promise(() => undefined));
    expect(all.findings[0]).toMatchObject({
      result: 'failed',
      text: 'No end within 0.02 seconds.',
    });
  });

  test('hands on what nobody foresaw', async () => {
    const broken = examination().check({ id: 'a', about: 'x' }, () => {
      throw new TypeError('a fault of ours');
    });
    await expect(broken).rejects.toThrow('a fault of ours');
  });
});

test.each([
  ['2026-05-31T00:00:00Z', 'failed', /ended on 2026-05-31/],
  ['2026-06-20T00:00:00Z', 'warning', /in 19 days/],
  ['2027-06-01T00:00:00Z', 'ok', /valid until 2027-06-01/],
])('a certificate until %s: %s', (end, result, text) => {
  const dates = { notBefore: new Date(0), notAfter: new Date(end) };
  const verdict = expiryVerdict('It', dates, now, 'Renew it.');
  expect(verdict).toMatchObject({ result, text: expect.stringMatching(text) });
});

test('a certificate that begins later', () => {
  const dates = { notBefore: new Date('2027-01-01'), notAfter: new Date('2028-01-01') };
  expect(expiryVerdict('It', dates, now, 'Renew it.')).toMatchObject({
    result: 'failed',
    next: 'Compare the clock of this machine with that of the CA.',
  });
});

test.each([
  [0, undefined, 'ok'],
  [-59, 'Kerberos', 'ok'],
  [120, 'Kerberos', 'warning'],
  [301, 'Kerberos', 'failed'],
  [-301, undefined, 'warning'],
])('a clock %i seconds ahead, judged by %s: %s', (seconds, judge, result) => {
  const date = new Date(now.getTime() + seconds * 1000).toUTCString();
  expect(clockVerdict(['Server', 'IIS', 'Date', date], now, judge).result).toBe(result);
});

test.each([[[]], [['Date', 'yesterday']], [['X', 'Date']]])('no time in %j', (rawHeaders) => {
  expect(clockVerdict(rawHeaders, now, 'Kerberos').result).toBe('info');
});

test.each([
  [['negotiate'], ['ntlm'], 'ok', 'uses ntlm'],
  [['negotiate', 'ntlm'], ['ntlm', 'negotiate'], 'ok', 'uses negotiate'],
  [['basic'], ['ntlm'], 'failed', 'the gateway has ntlm'],
  [[], ['ntlm'], 'failed', 'The server offers nothing'],
])('%j offered, %j configured', (offered, configured, result, text) => {
  const verdict = offeredVerdict({
    status: 401,
    offered,
    configured: configured.filter((one) => one === 'ntlm' || one === 'negotiate'),
    hasCertificate: false,
  });
  expect(verdict).toMatchObject({ result, text: expect.stringContaining(text) });
});

describe('signatures of a CA', () => {
  test('RSA and SHA-256 suit everybody', async () => {
    expect(signatureVerdicts([await ca()]).map(({ result }) => result)).toEqual(['ok']);
  });

  test('nothing known, nothing said', () => {
    expect(signatureVerdicts([])).toEqual([]);
  });

  test('RSASSA-PSS stops Apple devices', async () => {
    const plain = await ca();
    const algorithm = der.sequence(der.oid('1.2.840.113549.1.1.10'));
    const pss = Certificate.fromDer(
      der.sequence(plain.tbs, algorithm, der.bitString(plain.signature)),
    );
    const [verdict] = signatureVerdicts([pss]);
    expect(verdict).toMatchObject({
      result: 'warning',
      text: expect.stringMatching(/RSASSA-PSS: Apple/),
      next: expect.stringContaining('AlternateSignatureAlgorithm'),
    });
  });

  test('SHA-1: a warning for an issuing CA, a remark for a root', async () => {
    const root = await ca({ subject: 'CN=Root', digest: 'sha1' });
    const issuing = await issuedBy(
      { certificate: root, key: testKey('ca') },
      testKey('ra-sign').publicKey,
      { subject: 'CN=Issuing', digest: 'sha1', extensions: [authority] },
    );
    expect(signatureVerdicts([issuing, root]).map(({ result }) => result)).toEqual([
      'warning',
      'info',
    ]);
  });

  test('ECDSA leaves Windows and network devices out', async () => {
    const ec = await selfSigned(testKey('client-p-256'), { subject: 'CN=EC CA' });
    expect(signatureVerdicts([ec])[0]).toMatchObject({
      result: 'warning',
      text: expect.stringMatching(/ECDSA: the SCEP client of Windows/),
    });
  });

  test('a short RSA key', async () => {
    const short = await selfSigned(testKey('client-1024'), { subject: 'CN=Old CA' });
    expect(signatureVerdicts([short])[0]?.text).toContain('1024 bits');
  });
});

describe('RA certificates', () => {
  const caKey = testKey('ca');

  async function ra(
    purpose: KeyUsage,
    options: CertificateOptions & { by?: 'ca' | 'other' } = {},
  ): Promise<Certificate> {
    const certificate = await ca();
    const other = await selfSigned(testKey('ra-old'), { subject: 'CN=Other CA' });
    const issuer =
      options.by === 'other'
        ? { certificate: other, key: testKey('ra-old') }
        : { certificate, key: caKey };
    const key = purpose === 'digitalSignature' ? 'ra-sign' : 'ra-encrypt';
    return issuedBy(issuer, testKey(key).publicKey, {
      subject: `CN=${key}`,
      extensions: [keyUsage([purpose])],
      ...options,
    });
  }

  async function judged(status: Partial<RaStatus>) {
    const all = examination();
    const full: RaStatus = {
      signing: await ra('digitalSignature'),
      encryption: await ra('keyEncipherment'),
      origin: 'enrolled',
      replaced: [],
      requests: [],
      ...status,
    };
    await examineRa(all, 'issuer corp', {
      view: { chain: [], ra: full, crlEnd: undefined, keys: [] },
      cas: [await ca()],
      now,
      embedded: false,
    });
    return (id: string) => all.findings.filter((finding) => finding.id === id);
  }

  test('all is well', async () => {
    const of = await judged({});
    for (const id of ['ra.present', 'ra.origin', 'ra.use', 'ra.chain', 'ra.expiry']) {
      expect(of(id).every(({ result }) => result === 'ok')).toBe(true);
      expect(of(id).length).toBeGreaterThan(0);
    }
  });

  test('one that has expired', async () => {
    const encryption = await ra('keyEncipherment', { notAfter: new Date('2026-05-01T00:00:00Z') });
    const of = await judged({ encryption });
    expect(of('ra.expiry').map(({ result }) => result)).toEqual(['ok', 'failed']);
    expect(of('ra.expiry')[1]).toMatchObject({
      text: 'The RA certificate that opens requests ended on 2026-05-01.',
      next: expect.stringContaining('ra enroll'),
    });
  });

  test('certified by the gateway itself', async () => {
    const of = await judged({ origin: 'self' });
    expect(of('ra.origin')[0]).toMatchObject({ result: 'warning' });
  });

  test('of another CA', async () => {
    const of = await judged({ signing: await ra('digitalSignature', { by: 'other' }) });
    expect(of('ra.chain')).toHaveLength(1);
    expect(of('ra.chain')[0]).toMatchObject({ result: 'warning' });
    expect(of('ra.chain')[0]?.text).toContain('CN=Other CA');
  });

  test('for another use', async () => {
    const of = await judged({ encryption: await ra('digitalSignature') });
    expect(of('ra.use')[0]).toMatchObject({
      result: 'failed',
      text: expect.stringContaining('lacks the key usage keyEncipherment'),
    });
  });

  test('without an RSA key', async () => {
    const ec = await issuedBy(
      { certificate: await ca(), key: caKey },
      testKey('client-p-256').publicKey,
      { subject: 'CN=EC RA' },
    );
    const of = await judged({ encryption: ec });
    expect(of('ra.use')[0]?.text).toContain('no RSA key');
  });

  test('that wait for a certificate manager', async () => {
    const request = {
      purpose: 'both',
      csr: Buffer.alloc(0),
      keyId: 'a',
      requestId: '81',
      certificate: undefined,
    } as const;
    const of = await judged({ requests: [request] });
    expect(of('ra.origin')[1]).toMatchObject({
      result: 'info',
      text: expect.stringContaining('request 81 at the CA'),
    });
  });

  test('of which one is here and one is missing', async () => {
    const certificate = await ra('digitalSignature');
    const request = { csr: Buffer.alloc(0), keyId: 'a', requestId: undefined } as const;
    const of = await judged({
      requests: [
        { ...request, purpose: 'signing', certificate },
        { ...request, purpose: 'encryption', certificate: undefined },
      ],
    });
    expect(of('ra.origin').map(({ text }) => text)).toEqual([
      expect.anything(),
      'A new RA certificate (signing) is here and waits for the other one.',
      'A new RA certificate (encryption) is asked for and waits to be installed.',
    ]);
  });
});

describe('CRLs', () => {
  async function judged(urls: readonly string[], download: World['download']) {
    const all = examination();
    const certificate = await ca({ extensions: [authority, crlDistributionPoints(urls)] });
    const world: World = { ...nothing, download };
    await examineCrls(all, world, 'issuer corp', [certificate], [certificate]);
    return all.findings;
  }

  const nothing: World = {
    clock: () => now,
    lookUp: () => Promise.resolve({ kind: 'failed', reason: 'not played' }),
    connect: () => Promise.resolve({ kind: 'failed', reason: 'not played' }),
    shakeHands: () => Promise.resolve({ kind: 'failed', reason: 'not played' }),
    ask: () => Promise.resolve({ kind: 'failed', reason: 'not played' }),
    download: () => Promise.resolve({ kind: 'failed', reason: 'not played' }),
    mappedPort: () => Promise.resolve({ kind: 'failed', reason: 'not played' }),
  };

  async function crl(nextUpdate: string, signer: 'ca' | 'ra-old' = 'ca'): Promise<Buffer> {
    return buildCrl(
      {
        issuer: (await ca()).subject.der,
        thisUpdate: new Date('2026-01-01T00:00:00Z'),
        nextUpdate: new Date(nextUpdate),
        number: 1,
        authorityKeyIdentifier: Buffer.alloc(20),
        revoked: [],
      },
      { key: testKey(signer), digest: 'sha256' },
    );
  }

  const url = 'http://pki.corp.example/ca.crl';
  const served =
    (body: Buffer, status = 200) =>
    () =>
      Promise.resolve({ kind: 'done', status, body } as const);

  test('a current one', async () => {
    const [finding] = await judged([url], served(await crl('2027-01-01T00:00:00Z')));
    expect(finding).toMatchObject({ id: 'crl.reachable', result: 'ok' });
  });

  test('one that has ended', async () => {
    const [finding] = await judged([url], served(await crl('2026-05-01T00:00:00Z')));
    expect(finding).toMatchObject({
      result: 'failed',
      text: expect.stringContaining('2026-05-01'),
    });
  });

  test('one that another key signed', async () => {
    const [finding] = await judged([url], served(await crl('2027-01-01T00:00:00Z', 'ra-old')));
    expect(finding).toMatchObject({
      result: 'failed',
      text: expect.stringContaining('not signed'),
    });
  });

  test('a dead address, a missing file, a page', async () => {
    const [dead] = await judged([url], (target) => nothing.download(target));
    expect(dead).toMatchObject({
      result: 'warning',
      text: expect.stringContaining('CRYPT_E_REVOCATION_OFFLINE'),
    });
    const [missing] = await judged([url], served(Buffer.alloc(0), 404));
    expect(missing?.text).toContain('HTTP 404');
    const [page] = await judged([url], served(Buffer.from('<html>')));
    expect(page).toMatchObject({ result: 'failed', text: expect.stringContaining('is no CRL') });
  });

  test('LDAP is named, not fetched; no point at all is said', async () => {
    let fetched = 0;
    const [ldap] = await judged(['ldap:///CN=CA,DC=corp?certificateRevocationList'], () => {
      fetched += 1;
      return nothing.download(new URL(url));
    });
    expect(ldap).toMatchObject({ result: 'info', text: expect.stringContaining('ldap:///CN=CA') });
    expect(fetched).toBe(0);
    const all = examination();
    await examineCrls(all, nothing, 'x', [await ca()], []);
    expect(all.findings[0]?.result).toBe('info');
  });
});
