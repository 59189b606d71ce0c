/** One bit of every octet of a valid PKCSReq is turned: nothing but the original request is ever granted. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseCertificationRequest } from '../../src/x509/index.js';
import type { TestGateway } from '../support/gateway.js';
import { postMessage, toldBy, uniform, type Told } from './answer.js';
import { createMaker, type Maker } from './maker.js';
import { startTarget } from './profiles.js';
import { flipBit } from './surgery.js';

let gateway: TestGateway;
let make: Maker;

beforeAll(async () => {
  gateway = await startTarget();
  make = await createMaker();
});
afterAll(() => gateway.close());

const reasons = [
  'It is no CMS SignedData.',
  'It is signed by nobody.',
  'It has no transactionID.',
  'Its transactionID cannot be used.',
];

const otherKey =
  'This transactionID belongs to a request with another key; start a new transaction.';

/** HTTP 400, the uniform CertRep, or an algorithm by name. */
function isExpected({ status, pkiStatus, failInfo, text = '' }: Told): boolean {
  if (status === 400)
    return reasons.some((reason) => text === `This is no SCEP message. ${reason}`);
  if (status !== 200 || pkiStatus !== '2') return false;
  // The signer certificate is its own proof only: written differently, its key counts as another.
  if (text === otherKey) return true;
  if (failInfo === '0') return /^The (digest|signature|content cipher|key encryption)/.test(text);
  return failInfo === uniform.failInfo && text === uniform.text;
}

describe('a PKCSReq with one bit turned', () => {
  test('in the outer message: every octet', async () => {
    const message = await make.message();
    const unexpected: string[] = [];
    let granted = 0;
    for (let at = 0; at < message.length; at++) {
      const damaged = flipBit(message, at, (at * 7) % 8);
      const told = toldBy(await postMessage(gateway.port, damaged, '/scep/static'), gateway.ra);
      if (told.pkiStatus === '0') granted++;
      else if (!isExpected(told)) unexpected.push(`octet ${at}: ${JSON.stringify(told)}`);
    }
    expect(unexpected).toEqual([]);
    // Octets that no signature covers and nobody reads: versions, NULL parameters, the certificate's own signature …
    expect(granted).toBeLessThan(message.length / 4);
    await expectNothingButTheOriginal();
  }, 120_000);

  test('in the CSR inside a good envelope: every octet', async () => {
    const { info } = parseCertificationRequest(make.csr);
    let granted = 0;
    for (let at = 0; at < make.csr.length; at++) {
      const content = flipBit(make.csr, at, (at * 5) % 8);
      const message = await make.message({ content });
      const told = toldBy(await postMessage(gateway.port, message, '/scep/static'), gateway.ra);
      if (told.pkiStatus !== '0') expect({ at, ...told }).toEqual({ at, ...uniform });
      else if (parseCertificationRequest(content).info.equals(info)) granted++;
      else throw new Error(`a changed CSR was granted: octet ${at}`);
    }
    // The parameters of the signature's algorithm and the unused bits of its BIT STRING.
    expect(granted).toBeLessThan(5);
    await expectNothingButTheOriginal();
  }, 120_000);
});

/** Whatever was issued is for the key and the subject of the CSR that was signed. */
async function expectNothingButTheOriginal(): Promise<void> {
  const { subject, publicKey } = parseCertificationRequest(make.csr);
  const records = await gateway.installation.data.enrollments.certificates(
    { profile: 'static', limit: 10_000 },
    new Date(),
  );
  for (const record of records) {
    expect(record).toMatchObject({ subject: subject.text, keyId: publicKey.id, sanText: '' });
  }
}
