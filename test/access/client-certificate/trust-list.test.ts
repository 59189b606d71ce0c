import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  createTrustList,
  isAnchor,
  parseCertificateName,
  readRevocationList,
} from '../../../src/access/index.js';
import { der } from '../../../src/asn1/index.js';
import {
  basicConstraints,
  extendedKeyUsage,
  extendedKeyUsages,
  keyUsage,
  parseSubjectAltName,
  readPem,
  writeSubjectAltNames,
  type Certificate,
  type Extension,
} from '../../../src/x509/index.js';
import type { Issuer } from '../../support/certificates.js';
import { selfSigned } from '../../support/certificates.js';
import { testKey } from '../../support/keys.js';
import { fixture } from './forwarded.js';
import {
  caExtensions,
  clientExtensions,
  days,
  judge,
  makeCa,
  makeClient,
  makeRoot,
  makeCrl,
  now,
} from './pki.js';

let root: Issuer;
let issuing: Issuer;
let client: Certificate;
beforeAll(async () => {
  root = await makeRoot();
  issuing = await makeCa(root, 'CN=Issuing', 'ra-sign');
  client = await makeClient(issuing);
});

const noCrl = { rule: 'off' } as const;

function crlFile(file: string): Buffer {
  const [block] = readPem(readFileSync(`fixtures/client-certificates/${file}`, 'latin1'));
  return block?.der ?? Buffer.alloc(0);
}

describe('pins', () => {
  test('one of them, whoever issued it', async () => {
    const other = await makeClient(root);
    expect(await judge({ pins: [other, client] }, client)).toBe('accepted: it is pinned');
    expect(await judge({ pins: [other] }, client)).toBe('it is none of the pinned ones');
  });

  test('the dates hold all the same', async () => {
    const old = await makeClient(root, { notAfter: days(-1) });
    const early = await makeClient(root, { notBefore: days(1) });
    expect(await judge({ pins: [old, early] }, old)).toBe(
      'the certificate expired on 2026-05-31T12:00:00.000Z',
    );
    expect(await judge({ pins: [old, early] }, early)).toBe(
      'the certificate is valid from 2026-06-02T12:00:00.000Z on',
    );
  });

  test('and a CA, where both are asked for', async () => {
    const stranger = await makeClient(await makeRoot('CN=Other', 'ra-old'));
    const both = { ...noCrl, pins: [client, stranger], anchors: [issuing.certificate] };
    expect(await judge(both, client)).toMatch(/^accepted: it is pinned; its path: /);
    expect(await judge(both, stranger)).toMatch(/^the certificate leads to no trusted CA/);
  });
});

describe('paths', () => {
  test('straight to a trusted CA, root or not', async () => {
    expect(await judge({ ...noCrl, anchors: [issuing.certificate] }, client)).toBe(
      'accepted: its path: CN=connector,O=Example ← CN=Issuing; revocation of CN=connector,O=Example is not looked at',
    );
  });

  test('over a CA that came with it, whatever else came', async () => {
    const others = [root.certificate, await makeClient(root), issuing.certificate, client];
    expect(await judge({ ...noCrl, anchors: [root.certificate] }, client, others)).toMatch(
      /^accepted: its path: CN=connector,O=Example ← CN=Issuing ← CN=Root;/,
    );
  });

  test('over the CA certificate that is valid, where it was renewed under the same key', async () => {
    const old = await makeCa(root, 'CN=Issuing', 'ra-sign', { notAfter: days(-1) });
    const others = [old.certificate, issuing.certificate];
    expect(await judge({ ...noCrl, anchors: [root.certificate] }, client, others)).toMatch(
      /^accepted/,
    );
    expect(await judge({ ...noCrl, anchors: [root.certificate] }, client, [old.certificate])).toBe(
      'the CA CN=Issuing expired on 2026-05-31T12:00:00.000Z',
    );
  });

  test.each<[string, () => Promise<string>, string]>([
    [
      'no CA between',
      () => judge({ ...noCrl, anchors: [root.certificate] }, client),
      'the certificate leads to no trusted CA by the certificates that came with it',
    ],
    [
      'a CA of the same name with another key',
      async () =>
        judge(
          { ...noCrl, anchors: [(await makeRoot('CN=Issuing', 'ra-old')).certificate] },
          client,
        ),
      'the certificate leads to no trusted CA by the certificates that came with it',
    ],
    [
      'signed by itself',
      async () =>
        judge(
          { ...noCrl, anchors: [root.certificate] },
          await selfSigned(testKey('client'), { subject: 'CN=Root', extensions: clientExtensions }),
        ),
      'the certificate leads to no trusted CA by the certificates that came with it',
    ],
    [
      'an expired anchor',
      async () =>
        judge(
          { ...noCrl, anchors: [issuing.certificate], at: days(101) },
          await makeClient(issuing, { notAfter: days(500) }),
        ),
      'the CA CN=Issuing expired on 2026-09-09T12:00:00.000Z',
    ],
    [
      'the CA itself',
      () => judge({ ...noCrl, anchors: [root.certificate] }, issuing.certificate),
      'the certificate is that of a CA',
    ],
  ])('%s', async (_, verdict, step) => {
    expect(await verdict()).toBe(step);
  });

  test('too many CAs between, and four are not', async () => {
    let ca = root;
    const chain: Certificate[] = [];
    for (let depth = 1; depth <= 5; depth++) {
      ca = await makeCa(ca, `CN=CA ${depth}`, depth % 2 === 0 ? 'ra-sign' : 'ra-encrypt');
      chain.push(ca.certificate);
    }
    const trusting = { ...noCrl, anchors: [root.certificate] };
    expect(await judge(trusting, await makeClient(ca), chain)).toBe(
      'the certificate has more than 4 CAs between it and a trusted one',
    );
    const fourth = { certificate: chain[3] ?? root.certificate, key: testKey('ra-sign') };
    expect(await judge(trusting, await makeClient(fourth), chain)).toMatch(/^accepted/);
  });

  test('a maze of CAs of one name and key costs a bounded number of signatures', async () => {
    const maze: Certificate[] = [];
    for (let serial = 1; serial <= 9; serial++) {
      const { certificate } = await makeRoot('CN=Maze', 'ra-encrypt', {
        serial: Buffer.from([serial]),
      });
      maze.push(certificate);
    }
    const lost = await makeClient({ certificate: maze[0] ?? client, key: testKey('ra-encrypt') });
    expect(await judge({ ...noCrl, anchors: [root.certificate] }, lost, maze)).toBe(
      'the certificate takes more than 32 signatures to follow',
    );
  });
});

describe('constraints', () => {
  const unknownCritical: Extension = {
    oid: '1.2.3.4',
    critical: true,
    value: der.nul(),
  };
  const nameConstraints: Extension = {
    oid: '2.5.29.30',
    critical: false,
    value: der.sequence(),
  };

  test.each<[string, readonly Extension[], string]>([
    [
      'a server certificate',
      [extendedKeyUsage([extendedKeyUsages.serverAuth])],
      'the certificate is not for client authentication (extendedKeyUsage)',
    ],
    [
      'a key that may only encrypt',
      [keyUsage(['keyEncipherment'])],
      'the certificate may not sign (keyUsage without digitalSignature)',
    ],
    ['a CA', caExtensions(), 'the certificate is that of a CA'],
    [
      'an unknown critical extension',
      [unknownCritical],
      'the certificate has a critical extension that the gateway does not know (1.2.3.4)',
    ],
    [
      'an extension twice',
      [keyUsage(['digitalSignature']), keyUsage(['digitalSignature'])],
      'the certificate has the extension 2.5.29.15 twice',
    ],
    [
      'an extension that cannot be read',
      [{ oid: '2.5.29.37', critical: false, value: Buffer.from([0x30, 0x05]) }],
      'the certificate has an extension that cannot be read',
    ],
    ['no extensions', [], 'accepted'],
    ['any purpose', [extendedKeyUsage(['2.5.29.37.0'])], 'accepted'],
  ])('of the leaf: %s', async (_, extensions, step) => {
    const leaf = await makeClient(issuing, { extensions });
    const verdict = await judge({ ...noCrl, anchors: [issuing.certificate] }, leaf);
    expect(verdict.replace(/:.*/, '')).toBe(step);
  });

  test.each<[string, readonly Extension[], string]>([
    ['no basicConstraints', [], 'the CA CN=Odd is no CA (no basicConstraints)'],
    ['a leaf', [basicConstraints({ ca: false })], 'the CA CN=Odd is no CA (basicConstraints)'],
    [
      'no keyCertSign',
      caExtensions(undefined, ['cRLSign']),
      'the CA CN=Odd may not sign certificates (keyUsage without keyCertSign)',
    ],
    [
      'for servers only',
      [...caExtensions(), extendedKeyUsage([extendedKeyUsages.serverAuth])],
      'the CA CN=Odd is not for client authentication (extendedKeyUsage)',
    ],
    [
      'name constraints',
      [...caExtensions(), nameConstraints],
      'the CA CN=Odd has nameConstraints, which the gateway cannot weigh',
    ],
  ])('of a CA: %s', async (_, extensions, step) => {
    const odd = await makeCa(root, 'CN=Odd', 'ra-encrypt', { extensions });
    const leaf = await makeClient(odd);
    expect(await judge({ ...noCrl, anchors: [root.certificate] }, leaf, [odd.certificate])).toBe(
      step,
    );
  });

  test('pathLenConstraint counts the CAs under a CA', async () => {
    const short = await makeRoot('CN=Short', 'ra-old', { extensions: caExtensions(0) });
    const under = await makeCa(short, 'CN=Under', 'ra-encrypt');
    const trusting = { ...noCrl, anchors: [short.certificate] };
    expect(await judge(trusting, await makeClient(short))).toMatch(/^accepted/);
    expect(await judge(trusting, await makeClient(under), [under.certificate])).toBe(
      'the CA CN=Short may have 0 CAs under it, not 1 (pathLenConstraint)',
    );
  });

  test('SHA-1 and small keys prove nothing', async () => {
    const trusting = { ...noCrl, anchors: [issuing.certificate] };
    expect(await judge(trusting, await makeClient(issuing, { digest: 'sha1' }))).toBe(
      'the certificate is signed with MD5 or SHA-1',
    );
    expect(await judge(trusting, await makeClient(issuing, {}, 'client-1024'))).toBe(
      'the certificate has a weak key: RSA 1024',
    );
    expect(await judge(trusting, await makeClient(issuing, {}, 'client-p-256'))).toMatch(
      /^accepted/,
    );
  });

  test('only a CA can be an anchor', () => {
    expect(isAnchor(root.certificate)).toBe(true);
    expect(isAnchor(client)).toBe(false);
  });
});

describe('revocation', () => {
  const anchors = () => [issuing.certificate];

  test('a current CRL that does not hold it lets it pass', async () => {
    const crls = [await makeCrl(issuing)];
    expect(await judge({ anchors: anchors(), crls }, client)).toMatch(
      /is not revoked: the CRL of CN=Issuing of 2026-05-31T12:00:00\.000Z$/,
    );
  });

  test('revoked is refused, by a stale CRL too, and under best-effort', async () => {
    const stale = { revoked: [client], thisUpdate: days(-9), nextUpdate: days(-2) };
    for (const crl of [
      await makeCrl(issuing, { revoked: [client] }),
      await makeCrl(issuing, stale),
    ]) {
      for (const rule of ['required', 'best-effort'] as const) {
        expect(await judge({ anchors: anchors(), crls: [crl], rule }, client)).toMatch(
          /^CN=connector,O=Example was revoked on 2026-05-30T12:00:00\.000Z: /,
        );
      }
    }
  });

  test('without a current CRL `required` refuses', async () => {
    const stale = await makeCrl(issuing, { thisUpdate: days(-9), nextUpdate: days(-2) });
    expect(await judge({ anchors: anchors() }, client)).toBe('there is no CRL of CN=Issuing');
    expect(await judge({ anchors: anchors(), crls: [stale] }, client)).toBe(
      'the CRL of CN=Issuing of 2026-05-23T12:00:00.000Z is out of date since 2026-05-30T12:00:00.000Z',
    );
    expect(await judge({ anchors: anchors(), crls: [stale], graceHours: 49 }, client)).toMatch(
      /^accepted/,
    );
    expect(await judge({ anchors: anchors(), rule: 'best-effort' }, client)).toMatch(
      /there is no CRL of CN=Issuing; best-effort lets it pass$/,
    );
  });

  test('the newest CRL counts, one from the future does not', async () => {
    const revoking = { revoked: [client], thisUpdate: days(-3), nextUpdate: days(4) };
    const crls = [
      await makeCrl(issuing, revoking),
      await makeCrl(issuing),
      await makeCrl(issuing, { revoked: [client], thisUpdate: days(1), nextUpdate: days(9) }),
    ];
    expect(await judge({ anchors: anchors(), crls }, client)).toMatch(/^accepted/);
  });

  test('a CRL of the same name by another key is none', async () => {
    const forged = await makeCrl({ certificate: issuing.certificate, key: testKey('ra-old') });
    expect(await judge({ anchors: anchors(), crls: [forged] }, client)).toBe(
      'there is no CRL of CN=Issuing',
    );
  });

  test('nor is one of a CA that may not sign CRLs', async () => {
    const mute = await makeCa(root, 'CN=Mute', 'ra-encrypt', {
      extensions: caExtensions(undefined, ['keyCertSign']),
    });
    const crls = [await makeCrl(mute)];
    expect(await judge({ anchors: [mute.certificate], crls }, await makeClient(mute))).toBe(
      'there is no CRL of CN=Mute',
    );
  });

  test.each([
    ['partial.crl.pem', 'It is a CRL of one distribution point (IssuingDistributionPoint)'],
    ['delta.crl.pem', 'It is a delta CRL'],
  ])('%s cannot be relied on', (file, reason) => {
    expect(() => readRevocationList(crlFile(file))).toThrow(reason);
    expect(readRevocationList(crlFile('whole.crl.pem')).isOf(fixture('root.pem'))).toBe(true);
  });

  test('every CA under the anchor is asked about', async () => {
    const crls = [await makeCrl(issuing), await makeCrl(root, { revoked: [issuing.certificate] })];
    const trusting = { anchors: [root.certificate], crls };
    expect(await judge(trusting, client, [issuing.certificate])).toMatch(/^CN=Issuing was revoked/);
  });
});

describe('names', () => {
  test.each([
    ['CN=connector,O=Example', true],
    ['cn=CONNECTOR, o=example', true],
    ['dns:connector.example.org', true],
    ['dns:Connector.Example.ORG', true],
    ['CN=connector', false],
    ['O=Example', false],
    ['dns:connector', false],
    ['email:connector.example.org', false],
  ])('%s: %p', (text, expected) => {
    expect(parseCertificateName(text).isOf(client)).toBe(expected);
  });

  test('a CN is no host name, and a SAN that cannot be read is none', async () => {
    const plain = await makeClient(issuing, { subject: 'CN=waf.example.org', extensions: [] });
    expect(parseCertificateName('dns:waf.example.org').isOf(plain)).toBe(false);
    const odd = await makeClient(issuing, {
      extensions: [{ oid: '2.5.29.17', critical: false, value: Buffer.from([0x30, 0x7f]) }],
    });
    expect(parseCertificateName('dns:waf.example.org').isOf(odd)).toBe(false);
  });

  test('a UPN, without regard to case', async () => {
    const anna = await makeClient(issuing, {
      extensions: [writeSubjectAltNames([parseSubjectAltName('upn:anna@example.org').raw], false)],
    });
    expect(parseCertificateName('upn:Anna@Example.org').isOf(anna)).toBe(true);
  });

  test('asked for by the list', async () => {
    const trusting = { ...noCrl, anchors: [issuing.certificate], names: ['dns:waf.example.org'] };
    expect(await judge(trusting, client)).toBe('it has none of the names dns:waf.example.org');
  });

  test('an empty one is refused', () => {
    expect(() => parseCertificateName('')).toThrow('empty subject');
  });
});

test('nothing shown is refused in words', async () => {
  const trust = createTrustList({
    name: 'mdm',
    pins: ['00'],
    anchors: undefined,
    names: [],
    revocation: { rule: 'off', graceMillis: 0, lists: () => Promise.resolve([]) },
    clock: () => now,
  });
  expect(await trust.judge({ kind: 'none', steps: [] })).toEqual({
    kind: 'refused',
    steps: ['trust list mdm: there is no certificate'],
  });
});
