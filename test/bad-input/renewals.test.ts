import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { der } from '../../src/asn1/index.js';
import { createFastCodec } from '../../src/pkcs7/index.js';
import { readBundle } from '../../src/pkcs7/pkijs/index.js';
import { certificationRequest, type CertificationRequestOptions } from '../support/certificates.js';
import type { TestGateway } from '../support/gateway.js';
import { testKey } from '../support/keys.js';
import { readReply, wire, type TestSigner } from '../support/pki-message.js';
import { issued, postMessage, refused, toldBy, type Told } from './answer.js';
import { createMaker, subject, type Maker } from './maker.js';
import { startTarget } from './profiles.js';

let gateway: TestGateway;
let make: Maker;
let holder: TestSigner;
const start = new Date();
let now = start;

beforeAll(async () => {
  gateway = await startTarget(() => now);
  make = await createMaker();
});
afterAll(() => gateway.close());

beforeEach(async () => {
  now = start;
  const challengePassword = await gateway.challenge();
  const answer = await postMessage(gateway.port, await make.messageWithCsr({ challengePassword }));
  const codec = createFastCodec();
  const { content } = readReply(answer.body, gateway.ra.certificate);
  const key = testKey('client');
  const recipients = [{ certificate: make.device.certificate, key }];
  const opened = await codec.openEnvelope(codec.readEnvelope(content!), { recipients });
  holder = { certificate: readBundle(opened.content).certificates[0]!, key };
});

interface Sending {
  readonly path?: string;
  readonly messageType?: string;
}

async function renew(
  options: CertificationRequestOptions = {},
  { path = '/scep', messageType = wire.RenewalReq }: Sending = {},
): Promise<Told> {
  const content = await certificationRequest(testKey('client'), { subject, ...options });
  const message = await make.message({ messageType, signer: holder, content });
  return toldBy(await postMessage(gateway.port, message, path), gateway.ra);
}

const dnsName = (host: string) => ({
  oid: '2.5.29.17',
  critical: false,
  value: der.sequence(der.context(2, Buffer.from(host))),
});

describe('a renewal', () => {
  test('by RenewalReq and by PKCSReq', async () => {
    expect(await renew()).toEqual(issued);
    expect(await renew({}, { messageType: wire.PKCSReq })).toEqual(issued);
  });

  test('of another subject', async () => {
    expect(await renew({ subject: 'CN=domain-admin,O=Example' })).toEqual(
      refused(
        'A renewal keeps its subject: the certificate says CN=device-1,O=Example, the request CN=domain-admin,O=Example.',
      ),
    );
  });

  test('with another name', async () => {
    expect(await renew({ extensions: [dnsName('www.example')] })).toEqual(
      refused('A renewal cannot add names: dns:www.example is not in the certificate.'),
    );
  });

  test('with a SAN that cannot be read', async () => {
    const extensions = [{ oid: '2.5.29.17', critical: false, value: der.utf8String('dns:a') }];
    const unreadable = refused('The subjectAltName of the request cannot be read.');
    expect(await renew({ extensions })).toEqual(unreadable);
    expect(await renew({ extensions }, { messageType: wire.PKCSReq })).toEqual(unreadable);
  });

  test('in another profile', async () => {
    expect(await renew({}, { path: '/scep/other' })).toEqual(
      refused(
        'The renewal is not signed with a certificate that this profile issued; enroll with a challenge.',
      ),
    );
  });

  test('of an expired certificate', async () => {
    const { notAfter } = holder.certificate;
    now = new Date(notAfter.getTime() + 1000);
    expect(await renew()).toEqual(
      refused(
        `The certificate that signed the request expired on ${notAfter.toISOString().slice(0, 10)}; enroll with a new challenge.`,
      ),
    );
  });

  test('of a revoked certificate', async () => {
    const { sha256 } = holder.certificate.thumbprints;
    await gateway.installation.data.enrollments.revoke(sha256, 1, {
      at: now,
      event: 'certificate.revoked',
      correlationId: 'TEST',
      outcome: 'ok',
      profile: undefined,
      transactionId: undefined,
      challengeId: undefined,
      subject: undefined,
      keyId: undefined,
      clientAddress: undefined,
      actor: 'test',
      code: undefined,
      reason: undefined,
    });
    expect(await renew()).toEqual(
      refused('The certificate that signed the request is revoked; enroll with a new challenge.'),
    );
  });
});
