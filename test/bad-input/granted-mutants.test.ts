/** Requests that are odd, but proven and authorized: what is granted is DER, for the proven key, and no CA. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { der, parseBer, tag, type BerNode } from '../../src/asn1/index.js';
import { Certificate, extensionOids, parseCertificationRequest } from '../../src/x509/index.js';
import type { TestGateway } from '../support/gateway.js';
import { testKey } from '../support/keys.js';
import { issued, postMessage, toldBy, type Told } from './answer.js';
import { createMaker, type Maker } from './maker.js';
import { mutateDer as mutate } from '../../fuzz/mutators/der.js';
import { startTarget } from './profiles.js';
import { Random } from '../../fuzz/random.js';
import { replaceNode } from './surgery.js';

let gateway: TestGateway;
let make: Maker;

beforeAll(async () => {
  gateway = await startTarget();
  make = await createMaker();
});
afterAll(() => gateway.close());

/** Sends a CertificationRequestInfo under a good signature. */
async function request(info: Buffer): Promise<Told> {
  const { signatureAlgorithm } = parseCertificationRequest(make.csr);
  const signature = await testKey('client').sign('sha256', info);
  const content = der.sequence(info, signatureAlgorithm.raw, der.bitString(signature));
  const message = await make.message({ content });
  return toldBy(await postMessage(gateway.port, message, '/scep/static'), gateway.ra);
}

async function expectSoundCertificates(atLeast: number): Promise<void> {
  const filter = { profile: 'static', limit: 10_000 };
  const { enrollments } = gateway.installation.data;
  const records = await enrollments.certificates(filter, new Date());
  expect(records.length).toBeGreaterThanOrEqual(atLeast);
  for (const record of records) {
    const certificate = Certificate.fromDer(record.der);
    expect([record.der.toString('hex'), isDer(parseBer(record.der))]).toEqual([
      expect.anything(),
      true,
    ]);
    expect(certificate.extension(extensionOids.basicConstraints)).toBeUndefined();
    expect(certificate.publicKey.id).toBe(testKey('client').publicKey.id);
  }
}

/** Definite and shortest lengths, primitive strings. */
function isDer(node: BerNode): boolean {
  const content = node.constructed ? node.children.map(({ raw }) => raw) : [node.content];
  const isUniversal = (node.tag & 0xc0) === 0;
  if (node.constructed && isUniversal && !node.is(tag.sequence) && !node.is(tag.set)) return false;
  return der.element(node.tag, ...content).equals(node.raw) && node.children.every(isDer);
}

const { info } = parseCertificationRequest((await createMaker()).csr);

/** The same request with one element written another way. */
function berForms(root: BerNode): [string, Buffer][] {
  const [, subject, spki] = root.children as [BerNode, BerNode, BerNode];
  const commonName = subject.child(0).child(0).child(1);
  const key = parseBer(spki.child(1).bits());
  const keyWith = (bytes: Buffer) => replaceNode(root, spki.child(1), der.bitString(bytes));
  const padded = der.element(tag.integer, Buffer.alloc(2), key.child(0).content);
  return [
    ['a subject of long length', replaceNode(root, subject, longLength(subject))],
    ['a subject of indefinite length', replaceNode(root, subject, indefiniteLength(subject))],
    ['a common name in segments', replaceNode(root, commonName, segmented(commonName))],
    ['a key of long length', replaceNode(root, spki, longLength(spki))],
    ['a key of indefinite length', replaceNode(root, spki, indefiniteLength(spki))],
    ['an RSA key of long length', keyWith(longLength(key))],
    ['a modulus with zeros before it', keyWith(der.sequence(padded, key.child(1).raw))],
  ];
}

function longLength({ tag: identifier, content }: BerNode): Buffer {
  const header = Buffer.from([identifier, 0x84, 0, 0, content.length >> 8, content.length & 0xff]);
  return Buffer.concat([header, content]);
}

function indefiniteLength({ tag: identifier, content }: BerNode): Buffer {
  return Buffer.concat([Buffer.from([identifier, 0x80]), content, Buffer.alloc(2)]);
}

function segmented({ tag: identifier, content }: BerNode): Buffer {
  const segments = [content.subarray(0, 3), content.subarray(3)];
  return der.element(identifier | 0x20, ...segments.map((part) => der.octetString(part)));
}

describe('odd requests under a good signature', () => {
  test.each(berForms(parseBer(info)))('%s in BER is certified in DER', async (_name, odd) => {
    expect(await request(odd)).toEqual(issued);
    await expectSoundCertificates(1);
  });

  test('500 mutants of the CertificationRequestInfo', async () => {
    const seed = 5;
    for (let n = 0; n < 500; n++) {
      const random = new Random(seed * 100_000 + n);
      expect([n, (await request(mutate(random, info, make.csr))).status]).toEqual([n, 200]);
    }
    await expectSoundCertificates(10);
  }, 120_000);
});
