import fc from 'fast-check';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { coSignedCmc, coSignedRequest, type CoSigner } from '../../src/pkcs7/index.js';
import { parseCertificationRequest, sidExtension, type Extension } from '../../src/x509/index.js';
import { BadRequest, receive, withoutSigner } from '../adcs/certsrv/co-signed.js';
import { certificationRequest, selfSigned } from '../support/certificates.js';
import { testKey, type TestKeyName } from '../support/keys.js';

const extension: fc.Arbitrary<Extension> = fc.record({
  oid: fc.constantFrom('1.3.6.1.4.1.311.25.2', '2.5.29.17', '1.2.3.4'),
  critical: fc.boolean(),
  value: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
});

let csr: Buffer;
let keyIdentifier: Buffer;
let signers: ReadonlyMap<TestKeyName, CoSigner>;

beforeAll(async () => {
  csr = await certificationRequest(testKey('client'), { subject: 'CN=device-1' });
  keyIdentifier = parseCertificationRequest(csr).publicKey.subjectKeyIdentifier;
  const names = ['ra-sign', 'ra-old', 'client-p-256', 'client-p-521'] as const;
  signers = new Map(
    await Promise.all(names.map(async (name) => [name, await agent(name)] as const)),
  );
});

async function agent(name: TestKeyName): Promise<CoSigner> {
  const key = testKey(name);
  return { certificate: await selfSigned(key, { subject: `CN=${name}` }), key, chain: [] };
}

function chosen(...names: readonly TestKeyName[]): CoSigner[] {
  return names.flatMap((name) => signers.get(name) ?? []);
}

const several: fc.Arbitrary<CoSigner[]> = fc
  .subarray(['ra-sign', 'ra-old', 'client-p-256', 'client-p-521'] as const, { minLength: 1 })
  .chain((names) => fc.shuffledSubarray(names, { minLength: names.length }))
  .map((names) => chosen(...names));

describe('CMS round a PKCS#10', () => {
  test('any signers: each signs, the PKCS#10 stays as it is', async () => {
    await fc.assert(
      fc.asyncProperty(several, async (agents) => {
        const received = receive(await coSignedRequest(csr, agents));
        expect(received).toMatchObject({ format: 'cms', csr, added: [] });
        expect(subjects(received.agents)).toEqual(subjects(agents.map((one) => one.certificate)));
      }),
      { numRuns: 20 },
    );
  });

  test('a certificate that two signers share goes along once', async () => {
    const [one, two] = chosen('ra-sign', 'ra-old');
    const root = await selfSigned(testKey('ca'), { subject: 'CN=root' });
    const message = await coSignedRequest(csr, [
      { ...one!, chain: [root] },
      { ...two!, chain: [root] },
    ]);
    expect(message.toString('latin1').split(root.der.toString('latin1'))).toHaveLength(2);
  });
});

describe('CMC', () => {
  test('any signers and extensions: DER, the requester first without a signature', async () => {
    const additions = fc.uniqueArray(extension, { maxLength: 3, selector: ({ oid }) => oid });
    await fc.assert(
      fc.asyncProperty(several, additions, async (agents, extensions) => {
        const message = await coSignedCmc({ csr, keyIdentifier, extensions }, agents);
        const received = receive(message);
        expect(received).toEqual({
          format: 'cmc',
          csr,
          added: extensions,
          agents: expect.anything() as unknown,
        });
        expect(subjects(received.agents)).toEqual(subjects(agents.map((one) => one.certificate)));
      }),
      { numRuns: 20 },
    );
  });

  test('without additions there is no control', async () => {
    const message = await coSignedCmc({ csr, keyIdentifier, extensions: [] }, chosen('ra-sign'));
    expect(receive(message).added).toEqual([]);
    expect(message.includes(Buffer.from('06082b06010505070708', 'hex'))).toBe(false);
  });

  test('what was added cannot be changed, nor the requester taken away', async () => {
    const extensions = [sidExtension('S-1-5-21-1-2-3-1107')];
    const message = await coSignedCmc({ csr, keyIdentifier, extensions }, chosen('ra-sign'));
    const forged = Buffer.from(message.toString('latin1').replace('-1107', '-0500'), 'latin1');
    expect(() => receive(forged)).toThrow(BadRequest);
    expect(() => receive(withoutSigner(message, 0))).toThrow(BadRequest);
    expect(receive(withoutSigner(message, 1)).agents).toEqual([]);
  });
});

function subjects(certificates: readonly CoSigner['certificate'][]): string[] {
  return certificates.map(({ subject }) => subject.text).sort();
}
