import { describe, expect, test } from '@jest/globals';
import {
  buildCertificate,
  orderChain,
  parseDistinguishedName,
  verifyIssuedBy,
  type Certificate,
} from '../../src/x509/index.js';
import { testKey, type TestKeyName } from '../support/keys.js';

interface Party {
  readonly name: string;
  readonly key: TestKeyName;
}

const root: Party = { name: 'CN=Root', key: 'ca' };
const issuing: Party = { name: 'CN=Issuing', key: 'ra-sign' };
const leaf: Party = { name: 'CN=Leaf', key: 'client' };

function issue(subject: Party, issuer: Party, signingKey = issuer.key): Promise<Certificate> {
  return buildCertificate(
    {
      serial: Buffer.from([1]),
      issuer: parseDistinguishedName(issuer.name),
      subject: parseDistinguishedName(subject.name),
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2027-01-01T00:00:00Z'),
      spki: testKey(subject.key).publicKey.spki,
      extensions: [],
    },
    { key: testKey(signingKey), digest: 'sha256' },
  );
}

const names = (chain: readonly Certificate[]) => chain.map(({ subject }) => subject.text);

describe('verifyIssuedBy', () => {
  test('needs the name and the signature', async () => {
    const ca = await issue(root, root);
    expect(verifyIssuedBy(await issue(leaf, root), ca)).toBe(true);
    expect(verifyIssuedBy(await issue(leaf, root, 'client-2'), ca)).toBe(false);
    expect(verifyIssuedBy(await issue(leaf, { ...root, name: 'CN=Other' }), ca)).toBe(false);
    expect(verifyIssuedBy(await issue(leaf, { ...root, name: 'CN=root ' }), ca)).toBe(true);
  });
});

describe('orderChain', () => {
  test('finds the leaf and follows its issuers in any order', async () => {
    const [a, b, c] = [
      await issue(leaf, issuing),
      await issue(issuing, root),
      await issue(root, root),
    ];
    for (const order of [
      [a, b, c],
      [c, b, a],
      [b, a, c],
      [c, a, b],
    ])
      expect(names(orderChain(order))).toEqual(['CN=Leaf', 'CN=Issuing', 'CN=Root']);
  });

  test('takes the issuer that signed, not one of the same name', async () => {
    const impostor = await issue(
      { name: 'CN=Root', key: 'client-2' },
      { ...root, key: 'client-2' },
    );
    const genuine = await issue(root, root);
    const [first, second] = orderChain([impostor, await issue(leaf, root), genuine], undefined);
    expect(names([first!])).toEqual(['CN=Root']);
    expect(second).toBeUndefined();
    const certificate = await issue(leaf, root);
    expect(orderChain([impostor, certificate, genuine], certificate)).toEqual([
      certificate,
      genuine,
    ]);
  });

  test('stops where the chain has a hole, and at nothing', async () => {
    const orphan = await issue(leaf, issuing);
    expect(orderChain([orphan, await issue(root, root)])).toEqual([orphan]);
    expect(orderChain([])).toEqual([]);
  });

  test('ends with two CAs that certify each other', async () => {
    const certificates = [await issue(root, issuing), await issue(issuing, root)];
    expect(names(orderChain(certificates))).toEqual(['CN=Root', 'CN=Issuing']);
  });
});
