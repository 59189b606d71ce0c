/** A whole gateway that signs as an enrollment agent, in front of a CA that demands it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/index.js';
import { checkFiles } from '../../src/gateway/index.js';
import {
  extendedKeyUsage,
  extendedKeyUsages,
  extensionOids,
  readSubjectAltNames,
  subjectAltNameText,
} from '../../src/x509/index.js';
import { FakeCa } from '../adcs/certsrv/fake-ca.js';
import { password, startCertsrv, type CertsrvServer } from '../adcs/certsrv/server.js';
import type { CertificateOptions } from '../support/certificates.js';
import { testKeyObject } from '../support/keys.js';
import { eventually } from '../interop/eventually.js';
import { device, remove, start, temporaryFolder, type Running } from './running.js';

const challenge = 'shared secret of the test';
const bound = 'another secret of the test';
let folder: string;
let ca: FakeCa;
let certsrv: CertsrvServer;
let gateway: Running | undefined;

// One data directory for all: its keys take seconds to make.
beforeAll(async () => {
  folder = await temporaryFolder();
  await writeFile(join(folder, 'challenge.txt'), challenge);
  await writeFile(join(folder, 'bound.txt'), bound);
  await writeFile(join(folder, 'password.txt'), password);
  await writeFile(join(folder, 'passphrase.txt'), 'opens the agent');
  ca = await FakeCa.create();
  ca.templates.set('Signed', { does: 'issue', agents: 1 });
});

beforeEach(async () => {
  ca.requests.length = 0;
  certsrv = await startCertsrv(ca, 'ntlm');
  await writeAgent({});
});

afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
  await certsrv.close();
});

afterAll(() => remove(folder));

async function writeAgent(
  options: CertificateOptions,
  key: 'ra-old' | 'client-p-256' = 'ra-old',
): Promise<void> {
  await writeFile(join(folder, 'agent.pem'), (await ca.agent(key, options)).toPem());
  const pem = testKeyObject(key).export({
    format: 'pem',
    type: 'pkcs8',
    cipher: 'aes-256-cbc',
    passphrase: 'opens the agent',
  });
  await writeFile(join(folder, 'agent.key'), pem);
}

const agent =
  'agent: { certificate: agent.pem, key: agent.key, passphrase: { file: passphrase.txt } }';

function configuration(coSign: string): string {
  return `
issuers:
  corp:
    kind: adcs-webenroll
    url: ${certsrv.origin}/certsrv/
    authentication: { ntlm: { user: svc, domain: LAB, password: { file: password.txt } } }
    tls: { pins: ['${certsrv.pin}'] }
    coSign: { ${coSign} }
profiles:
  default:
    paths: [/scep]
    issuer: corp
    template: Signed
    challenges:
      static:
        - { name: test, secret: { file: challenge.txt } }
        - { name: bound, secret: { file: bound.txt }, binding: { san: ['dns:phone-7.corp.example'] } }
`;
}

async function enroll(transactionId: string, secret = challenge) {
  const client = await device(gateway?.port ?? 0, '/scep', '127.0.0.1');
  return client.enroll(transactionId, secret);
}

describe('a device behind an agent from files', () => {
  test('gets its certificate, and the CA sees who signed for it', async () => {
    gateway = await start(folder, configuration(agent));
    expect(await enroll('co-sign-1')).toMatchObject({ kind: 'issued' });
    expect(ca.requests).toMatchObject([{ format: 'cms', template: 'Signed', added: [] }]);
    expect(ca.requests[0]?.agents.map(({ subject }) => subject.text)).toEqual([
      'CN=Enrollment Agent',
    ]);
  });

  test('gets the name that its challenge is bound to, which its request lacks', async () => {
    gateway = await start(folder, configuration(`form: cmc, addExtensions: [san], ${agent}`));
    expect(await enroll('co-sign-2', bound)).toMatchObject({ kind: 'issued' });
    const [added, ...others] = ca.requests[0]?.added ?? [];
    expect(others).toEqual([]);
    expect(added?.oid).toBe(extensionOids.subjectAltName);
    expect(readSubjectAltNames(added!.value).map(subjectAltNameText)).toEqual([
      'dns:phone-7.corp.example',
    ]);
    expect(await enroll('co-sign-3')).toMatchObject({ kind: 'issued' });
    expect(ca.requests[1]?.added).toEqual([]);
  });

  test('is refused with that challenge where nothing can be added', async () => {
    gateway = await start(folder, configuration(`form: cmc, ${agent}`));
    expect(await enroll('co-sign-4', bound)).toMatchObject({ kind: 'failed' });
    expect(ca.requests).toHaveLength(0);
  });

  test('waits while the agent is expired, and gets its certificate with the successor', async () => {
    await writeAgent({ notAfter: new Date('2024-01-01T00:00:00Z') });
    gateway = await start(folder, configuration(agent));
    expect(gateway.log()).toContain('expired on 2024-01-01');
    expect(gateway.log()).toContain('"code":"agent.unusable"');
    expect(await enroll('co-sign-5')).toMatchObject({ kind: 'pending' });
    expect(ca.requests).toHaveLength(0);
    await writeAgent({}, 'client-p-256');
    await eventually('the new agent', () =>
      gateway?.log().includes('"code":"agent.renewed"') ? true : undefined,
    );
    // The breaker still keeps requests back; that of a new process does not.
    expect(gateway.log()).not.toContain('opens the agent');
    await gateway.stop();
    gateway = await start(folder, configuration(agent));
    expect(await enroll('co-sign-6')).toMatchObject({ kind: 'issued' });
    expect(ca.requests[0]?.agents[0]?.publicKey.kind).toBe('ec');
  });
});

test('before the RA certificates are of the CA they sign for nobody', async () => {
  gateway = await start(folder, configuration('form: cms'));
  expect(gateway.log()).toContain('Requests that need an enrollment agent wait');
  expect(await enroll('co-sign-7')).toMatchObject({ kind: 'pending' });
  expect(ca.requests).toHaveLength(0);
});

describe('what can never sign stops the start, and config check says so', () => {
  async function check(inDays = 0) {
    const file = join(folder, 'gateway.yaml');
    await writeFile(file, configuration(agent));
    const resolved = await loadConfig({ environment: { SCEP_GATEWAY_CONFIG: file } });
    return checkFiles(resolved, new Date(Date.now() + inDays * 86_400_000));
  }

  test('a certificate of another use', async () => {
    await writeAgent({ extensions: [extendedKeyUsage([extendedKeyUsages.clientAuth])] });
    await expect(start(folder, configuration(agent))).rejects.toMatchObject({
      code: 'config.invalid',
      message: expect.stringContaining(
        'without the extended key usage 1.3.6.1.4.1.311.20.2.1',
      ) as unknown,
    });
    await expect(check()).rejects.toMatchObject({
      problems: [{ key: 'issuers.corp.coSign' }],
    });
  });

  test('a key of another certificate', async () => {
    await writeFile(join(folder, 'agent.pem'), (await ca.agent('client-2')).toPem());
    await expect(check()).rejects.toMatchObject({
      problems: [
        {
          key: 'issuers.corp.coSign',
          problem: 'The private key belongs to none of the certificates.',
        },
      ],
    });
  });

  test('a wrong passphrase, without telling it', async () => {
    await writeFile(join(folder, 'passphrase.txt'), 'wrong');
    const outcome = check();
    await expect(outcome).rejects.toMatchObject({
      problems: [{ problem: 'The passphrase does not open the private key.' }],
    });
    await writeFile(join(folder, 'passphrase.txt'), 'opens the agent');
  });

  test('an agent that will expire is said early', async () => {
    const notAfter = new Date(Date.now() + 40 * 86_400_000);
    await writeAgent({ notAfter });
    expect(await check()).toEqual([]);
    expect(await check(20)).toEqual([
      {
        key: 'issuers.corp.coSign',
        warning: expect.stringMatching(/Enrollment Agent expires on .*, in 19 days/) as unknown,
      },
    ]);
    expect(await check(41)).toMatchObject([
      { warning: expect.stringContaining('expired on') as unknown },
    ]);
  });
});
