/** The doctor in front of a CA service over RPC, over real TCP. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FakeCa } from '../adcs/certsrv/fake-ca.js';
import { startCaServer, type CaServer, type CaServerOptions } from '../adcs/rpc/ca-server.js';
import { remove, temporaryFolder } from '../gateway/running.js';
import { examineYaml, found, results } from './examining.js';

let folder: string;
let ca: FakeCa;
let server: CaServer | undefined;

beforeAll(async () => {
  folder = await temporaryFolder();
  await writeFile(join(folder, 'password.txt'), 'Scep-Passw0rd!');
  await writeFile(join(folder, 'wrong.txt'), 'wrong');
});
beforeEach(async () => {
  ca = await FakeCa.create();
});
afterEach(async () => {
  await server?.close();
  server = undefined;
});
afterAll(() => remove(folder));

async function start(options: CaServerOptions = {}): Promise<CaServer> {
  server = await startCaServer(ca, options);
  return server;
}

function yaml(port: number | undefined, file = 'password.txt', caName = 'LAB-CA1-CA'): string {
  return `
issuers:
  corp:
    kind: adcs-rpc
    host: 127.0.0.1
    ${port === undefined ? '' : `port: ${port}`}
    caName: ${caName}
    template: Phones
    authentication: { ntlm: { user: svc-scep, domain: LAB, password: { file: ${file} } } }
    caCertificates: ca.pem
profiles:
  phones: { paths: [/scep], issuer: corp }
`;
}

async function examined(text: string, mapperPort?: number) {
  await writeFile(join(folder, 'ca.pem'), ca.certificate.toPem());
  return examineYaml(folder, text, mapperPort === undefined ? {} : { mapperPort });
}

test('a healthy CA at a fixed port: nothing fails, no request is made, the mapper is left alone', async () => {
  const { port, flags } = await start();
  const findings = await examined(yaml(port));
  expect(findings.filter(({ result }) => !['ok', 'info'].includes(result))).toEqual([]);
  expect(found(findings, 'rpc.mapper')).toEqual([]);
  expect(found(findings, 'network.port')[0]?.text).toBe(`Port ${port} of 127.0.0.1 is open.`);
  expect(found(findings, 'sign-in.used')[0]?.text).toBe(
    'The CA lets the gateway in by NTLM, with packet privacy.',
  );
  expect(results(findings, 'ca.reachable')).toEqual(['ok']);
  expect(results(findings, 'ca.chain')).toEqual(['ok']);
  // Status inspections alone.
  expect(new Set(flags)).toEqual(new Set([0]));
  expect(ca.requests).toEqual([]);
});

test('the endpoint mapper says the port, which is tried', async () => {
  const { mapperPort, port } = await start();
  const findings = await examined(yaml(undefined), mapperPort);
  expect(found(findings, 'rpc.mapper')[0]).toMatchObject({
    result: 'ok',
    text: `The endpoint mapper of 127.0.0.1 knows the CA service, at port ${port}.`,
  });
  expect(found(findings, 'network.port')[0]?.text).toBe(`Port ${port} of 127.0.0.1 is open.`);
});

test('a mapper that knows no CA', async () => {
  const { mapperPort } = await start({ mapper: 'knows-nothing' });
  const findings = await examined(yaml(undefined), mapperPort);
  expect(found(findings, 'rpc.mapper')[0]).toMatchObject({
    result: 'failed',
    next: expect.stringContaining('IF_NORPCICERTREQUEST'),
  });
  expect(found(findings, 'network.port')[0]).toMatchObject({
    result: 'skipped',
    because: 'rpc.mapper',
  });
  expect(found(findings, 'ca.reachable')[0]?.because).toBe('rpc.mapper');
});

test('a closed port', async () => {
  const closed = await start();
  const { port } = closed;
  await closed.close();
  server = undefined;
  const findings = await examined(yaml(port));
  expect(found(findings, 'network.port')[0]).toMatchObject({
    result: 'failed',
    next: expect.stringContaining('fixed endpoint'),
  });
  expect(found(findings, 'ca.reachable')[0]?.because).toBe('network.port');
});

test('a wrong password', async () => {
  const { port } = await start();
  const findings = await examined(yaml(port, 'wrong.txt'));
  expect(found(findings, 'ca.reachable')[0]).toMatchObject({
    result: 'failed',
    next: expect.stringContaining('Check user name, password or keytab'),
  });
  expect(found(findings, 'sign-in.used')[0]).toMatchObject({
    result: 'skipped',
    because: 'ca.reachable',
  });
  expect(JSON.stringify(findings)).not.toContain('Scep-Passw0rd!');
});

test('a wrong name of the CA', async () => {
  const { port } = await start();
  const findings = await examined(yaml(port, 'password.txt', 'OTHER-CA'));
  expect(found(findings, 'ca.reachable')[0]).toMatchObject({
    result: 'failed',
    next: expect.stringContaining('Check the name of the CA'),
  });
});

test('a chain that the CA did not tell is said to be one, and is held against the pins', async () => {
  const { port } = await start();
  const named = await examined(yaml(port));
  const { sha256 } = ca.certificate.thumbprints;
  expect(found(named, 'ca.chain')[0]?.text).toContain('is said to be DC=test,DC=lab,CN=LAB-CA1-CA');
  const pinned = (pin: string) => `caCertificates: ca.pem\n    caThumbprints: ['${pin}']`;
  const right = yaml(port).replace('caCertificates: ca.pem', pinned(sha256.toLowerCase()));
  expect(results(await examined(right), 'ca.chain')).toEqual(['ok']);
  const wrong = yaml(port).replace('caCertificates: ca.pem', pinned('ab'.repeat(32)));
  expect(found(await examined(wrong), 'ca.chain')).toMatchObject([
    { result: 'failed', text: expect.stringContaining('not in caThumbprints') },
  ]);
});

test('a chain that nobody has told yet is a warning', async () => {
  const { port } = await start();
  const findings = await examined(yaml(port).replace('caCertificates: ca.pem', ''));
  expect(found(findings, 'ca.chain')[0]).toMatchObject({
    result: 'warning',
    next: expect.stringContaining('caCertificates'),
  });
});
