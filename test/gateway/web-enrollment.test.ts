/** A whole gateway in front of AD CS Web Enrollment, as devices see it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readBundle } from '../../src/pkcs7/pkijs/index.js';
import { verifyIssuedBy } from '../../src/x509/index.js';
import { FakeCa } from '../adcs/certsrv/fake-ca.js';
import { password, startCertsrv, type CertsrvServer } from '../adcs/certsrv/server.js';
import { send } from '../http/client.js';
import { device, remove, start, temporaryFolder, type Running } from './running.js';

const challenge = 'shared secret of the test';
let folder: string;
let ca: FakeCa;
let certsrv: CertsrvServer;
let gateway: Running | undefined;

// One data directory for all: its keys take seconds to make.
beforeAll(async () => {
  folder = await temporaryFolder();
  await writeFile(join(folder, 'challenge.txt'), challenge);
  ca = await FakeCa.create();
});

beforeEach(async () => {
  await writeFile(join(folder, 'password.txt'), password);
  ca.requests.length = 0;
  certsrv = await startCertsrv(ca, 'ntlm');
});

afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
  await certsrv.close();
});

afterAll(() => remove(folder));

function configuration(template = 'Phones'): string {
  return `
issuers:
  corp:
    kind: adcs-webenroll
    url: ${certsrv.origin}/certsrv/
    authentication: { ntlm: { user: svc, domain: LAB, password: { file: password.txt } } }
    tls: { pins: ['${certsrv.pin}'] }
profiles:
  default:
    paths: [/scep]
    issuer: corp
    template: ${template}
    challenges: { static: [{ name: test, secret: { file: challenge.txt } }] }
`;
}

describe('without the CA', () => {
  test('the gateway starts, says so loudly, and answers 503', async () => {
    await certsrv.close();
    gateway = await start(folder, configuration());
    const answer = await send(gateway.port, '/scep?operation=GetCACert');
    expect(answer.status).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect((await send(gateway.port, '/healthz')).status).toBe(200);
    expect(gateway.log()).toContain('The CA of issuer corp cannot be asked');
    expect(gateway.log()).toContain('"code":"upstream.failed"');
  });

  test('after a first contact, GetCACert is answered from memory over a restart', async () => {
    gateway = await start(folder, configuration());
    await gateway.stop();
    await certsrv.close();
    gateway = await start(folder, configuration());
    expect((await send(gateway.port, '/scep?operation=GetCACert')).status).toBe(200);
  });
});

describe('a device', () => {
  test('gets a certificate of the CA, which sees the CSR of the device and the template', async () => {
    gateway = await start(folder, configuration());
    const outcome = await (
      await device(gateway.port, '/scep', '127.0.0.1')
    ).enroll('device-3', challenge);
    if (outcome.kind !== 'issued') throw new Error(outcome.kind);
    expect(verifyIssuedBy(outcome.certificate, ca.certificate)).toBe(true);
    expect(ca.requests).toHaveLength(1);
    expect(ca.requests[0]).toMatchObject({ template: 'Phones', user: 'LAB\\svc' });
  });

  test('finds RA certificates and the CA in GetCACert', async () => {
    gateway = await start(folder, configuration());
    const answer = await send(gateway.port, '/scep?operation=GetCACert');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/x-x509-ca-ra-cert');
    const subjects = readBundle(answer.body).certificates.map(({ subject }) => subject.text);
    expect(subjects).toHaveLength(3);
    expect(subjects.filter((text) => text === 'CN=SCEP Gateway-MSCEP-RA')).toHaveLength(2);
    expect(subjects).toContain(ca.certificate.subject.text);
  });

  test('is told why, by number, when the CA refuses', async () => {
    gateway = await start(folder, configuration('LongKeys'));
    const outcome = await (
      await device(gateway.port, '/scep', '127.0.0.1')
    ).enroll('device-5', challenge);
    if (outcome.kind !== 'failed') throw new Error(outcome.kind);
    expect(outcome.failInfoText).toContain('(0x80094811)');
    expect(gateway.log()).not.toContain(password + '"');
  });

  test('waits while a certificate manager thinks, and never causes a second request', async () => {
    gateway = await start(folder, configuration('Manual'));
    const client = await device(gateway.port, '/scep', '127.0.0.1');
    expect((await client.enroll('device-6', challenge)).kind).toBe('pending');
    expect((await client.enroll('device-6', challenge)).kind).toBe('pending');
    await ca.issue(81);
    expect((await client.enroll('device-6', challenge)).kind).toBe('issued');
    expect(ca.requests).toHaveLength(1);
  });
});

test('a wrong password is our outage, not the fault of the device', async () => {
  gateway = await start(folder, configuration());
  await gateway.stop();
  await writeFile(join(folder, 'password.txt'), 'no longer the password');
  gateway = await start(folder, configuration());
  const client = await device(gateway.port, '/scep', '127.0.0.1');
  expect((await client.enroll('device-7', challenge)).kind).toBe('pending');
  expect(gateway.log()).toContain('refused the login');
  expect(gateway.log()).not.toContain('no longer the password');
  expect(ca.requests).toHaveLength(0);
});
