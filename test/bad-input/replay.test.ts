import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createFastCodec } from '../../src/pkcs7/index.js';
import { readBundle } from '../../src/pkcs7/pkijs/index.js';
import { certificationRequest } from '../support/certificates.js';
import type { TestGateway } from '../support/gateway.js';
import { testKey, type TestKeyName } from '../support/keys.js';
import { readReply, wire } from '../support/pki-message.js';
import { postMessage, refused, toldBy } from './answer.js';
import { createMaker, subject, type Maker } from './maker.js';
import { challengeText } from './not-granted.js';
import { startTarget } from './profiles.js';

let gateway: TestGateway;
let make: Maker;
let now = new Date();

beforeAll(async () => {
  gateway = await startTarget(() => now);
  make = await createMaker();
});
afterAll(() => gateway.close());

async function certificateFor(message: Buffer): Promise<Buffer> {
  const codec = createFastCodec();
  const { body } = await postMessage(gateway.port, message);
  const { content } = readReply(body, gateway.ra.certificate);
  const recipients = [{ certificate: make.device.certificate, key: testKey('client') }];
  const opened = await codec.openEnvelope(codec.readEnvelope(content!), { recipients });
  return readBundle(opened.content).certificates[0]!.der;
}

const count = async () =>
  (await gateway.installation.data.enrollments.certificates({}, now)).length;

describe('a replayed message', () => {
  test('gets the same certificate, encrypted to its signer, within the replay window', async () => {
    const message = await make.messageWithCsr({ challengePassword: await gateway.challenge() });
    const before = await count();
    const certificates = await Promise.all(
      Array.from({ length: 10 }, () => certificateFor(message)),
    );
    certificates.push(await certificateFor(message));
    expect(new Set(certificates.map((bytes) => bytes.toString('hex'))).size).toBe(1);
    expect((await count()) - before).toBe(1);

    now = new Date(now.getTime() + 24 * 3_600_000 + 1);
    expect(toldBy(await postMessage(gateway.port, message), gateway.ra)).toEqual(
      refused(challengeText),
    );
    expect((await count()) - before).toBe(1);
  });

  test('in the same transaction, but of another device, learns nothing', async () => {
    const transactionId = 'shared';
    const content = await csrOf('client');
    await certificateFor(await make.message({ transactionId, content }));
    const strange = { transactionId, signer: make.otherDevice };
    const told = async (options: Parameters<Maker['message']>[0]) =>
      toldBy(
        await postMessage(gateway.port, await make.message({ ...strange, ...options })),
        gateway.ra,
      );
    const before = await count();
    expect(await told({ messageType: wire.CertPoll })).toEqual(
      refused('There is no such transaction for this key; send the request again.'),
    );
    const otherKey = refused(
      'This transactionID belongs to a request with another key; start a new transaction.',
    );
    expect(await told({ content: await csrOf('client-2') })).toEqual(otherKey);
    expect(await told({ content })).toEqual(otherKey);
    expect(await count()).toBe(before);
  });

  test('whose envelope another device put into a message of its own does not open twice', async () => {
    const content = await csrOf('client');
    await certificateFor(await make.message({ content }));
    const stolen = await make.message({ signer: make.otherDevice, content });
    expect(toldBy(await postMessage(gateway.port, stolen), gateway.ra)).toEqual(
      refused(challengeText),
    );
  });
});

async function csrOf(key: TestKeyName): Promise<Buffer> {
  const challengePassword = await gateway.challenge();
  return certificationRequest(testKey(key), { subject, challengePassword });
}
