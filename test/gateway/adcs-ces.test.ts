/** A whole gateway in front of AD CS through CES, as devices see it. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readBundle } from '../../src/pkcs7/pkijs/index.js';
import { verifyIssuedBy } from '../../src/x509/index.js';
import { account, password, startCes, type CesService } from '../adcs/ces/service.js';
import { FakeCa } from '../adcs/certsrv/fake-ca.js';
import { send } from '../http/client.js';
import {
  device,
  remove,
  start,
  startWith,
  temporaryFolder,
  type Device,
  type Running,
} from './running.js';

const challenge = 'shared secret of the test';
let folder: string;
let ca: FakeCa;
let service: CesService;
let gateway: Running | undefined;

// One data directory for all: its keys take seconds to make.
beforeAll(async () => {
  folder = await temporaryFolder();
  ca = await FakeCa.create();
  await writeFile(join(folder, 'challenge.txt'), challenge);
  await writeFile(join(folder, 'corp-ca.pem'), ca.certificate.toPem());
});

beforeEach(async () => {
  await writeFile(join(folder, 'password.txt'), password);
  ca.requests.length = 0;
  service = await startCes(ca, 'userNameToken');
});

afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
  await service.close();
});

afterAll(() => remove(folder));

function configuration(template: string): string {
  return `
issuers:
  corp:
    kind: adcs-ces
    url: ${service.url}
    authentication: { userNameToken: { user: ${account}, password: { file: password.txt } } }
    tls: { pins: ['${service.pin}'] }
    caCertificates: corp-ca.pem
    template: ${template}
profiles:
  default:
    paths: [/scep]
    issuer: corp
    challenges: { static: [{ name: test, secret: { file: challenge.txt } }] }
`;
}

async function run(template = 'Phones'): Promise<Device> {
  gateway = await start(folder, configuration(template));
  return device(gateway.port, '/scep', '127.0.0.1');
}

test('a device gets a certificate of the CA, and GetCACert shows that CA', async () => {
  const outcome = await (await run()).enroll('device-1', challenge);
  if (outcome.kind !== 'issued') throw new Error(outcome.kind);
  expect(verifyIssuedBy(outcome.certificate, ca.certificate)).toBe(true);
  expect(ca.requests).toMatchObject([{ template: 'Phones', user: account }]);
  const answer = await send(gateway?.port ?? 0, '/scep?operation=GetCACert');
  const subjects = readBundle(answer.body).certificates.map(({ subject }) => subject.text);
  expect(subjects).toContain(ca.certificate.subject.text);
});

test('a refusal is told by its number', async () => {
  const outcome = await (await run('LongKeys')).enroll('device-2', challenge);
  if (outcome.kind !== 'failed') throw new Error(outcome.kind);
  expect(outcome.failInfoText).toContain('(0x80094811)');
});

test('a device waits while a certificate manager thinks, and causes one request', async () => {
  const client = await run('Manual');
  expect((await client.enroll('device-3', challenge)).kind).toBe('pending');
  await ca.issue(81);
  expect((await client.enroll('device-3', challenge)).kind).toBe('issued');
  expect(ca.requests).toHaveLength(1);
});

test('a wrong password is our outage, and stands in no log', async () => {
  await writeFile(join(folder, 'password.txt'), 'no longer the password');
  const client = await run();
  expect(gateway?.log()).toContain('CES refused the login');
  expect((await client.enroll('device-4', challenge)).kind).toBe('pending');
  expect(gateway?.log()).not.toContain('no longer the password');
  expect(ca.requests).toHaveLength(0);
});

test('a password that no message can carry stops the start', async () => {
  await writeFile(join(folder, 'password.txt'), 'a\u0007b');
  await expect(start(folder, configuration('Phones'))).rejects.toThrow('control character');
});

test('the example starts without its CA, says so, and answers', async () => {
  const other = await temporaryFolder();
  gateway = await startWith(other, 'examples/adcs-ces.yaml', {
    SCEP_GATEWAY_LISTEN: '127.0.0.1:0',
    ADCS_PASSWORD: 'a password of svc-scep',
  });
  expect((await send(gateway.port, '/healthz')).status).toBe(200);
  expect((await send(gateway.port, '/scep?operation=GetCACert')).status).toBe(503);
  expect(gateway.log()).toContain('The CA of issuer corp cannot be asked');
  await remove(other);
});
