/** The doctor on what the gateway itself shows, and on a SCEP server behind it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSubjectAltName, writeSubjectAltNames } from '../../src/x509/index.js';
import { remove, start, temporaryFolder, type Running } from '../gateway/running.js';
import { selfSigned, type CertificateOptions } from '../support/certificates.js';
import { testKey, testKeyObject } from '../support/keys.js';
import { startUpstream } from '../web-client/upstream.js';
import { examineYaml, found, results } from './examining.js';

let folder: string;

beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => remove(folder));

describe('a SCEP server behind the gateway', () => {
  let upstreamFolder: string;
  let upstream: Running;

  beforeAll(async () => {
    upstreamFolder = await temporaryFolder();
    upstream = await start(upstreamFolder, 'profiles: { default: { paths: [/scep] } }');
  });
  afterAll(async () => {
    await upstream.stop();
    await remove(upstreamFolder);
  });

  const yaml = (url: string) => `
issuers:
  old: { kind: ndes, mode: relay, url: '${url}', challenge: none }
profiles: { default: { paths: [/scep], issuer: old, challenges: { dynamic: false } } }
`;

  test('is asked what it is', async () => {
    const findings = await examineYaml(folder, yaml(`http://127.0.0.1:${upstream.port}/scep`));
    expect(results(findings, 'config.valid')).toEqual(['ok']);
    const texts = found(findings, 'upstream.scep').map(({ text }) => text);
    expect(texts.join('\n')).toMatch(/GetCACaps: .*SCEPStandard/);
    expect(texts.join('\n')).toContain('GetCACert: the CA is CN=SCEP Gateway CA');
    expect(results(findings, 'upstream.scep')).not.toContain('failed');
    expect(results(findings, 'tls.none')).toEqual(['warning']);
  });

  test('that is none', async () => {
    const plain = await startUpstream((_request, response) => {
      response.writeHead(404).end('nothing here');
    });
    const findings = await examineYaml(folder, yaml(`${plain.origin}/scep`));
    await plain.close();
    expect(results(findings, 'upstream.scep')).toContain('failed');
  });

  test('that is down', async () => {
    const findings = await examineYaml(folder, yaml('http://127.0.0.1:1/scep'));
    expect(found(findings, 'upstream.scep')[0]).toMatchObject({
      result: 'skipped',
      because: 'network.port',
    });
  });
});

describe('listeners', () => {
  async function judged(options: CertificateOptions, more = '', name = 'dns:scep.corp.example') {
    const own = await selfSigned(testKey('client-p-256'), {
      extensions: [writeSubjectAltNames([parseSubjectAltName(name).raw], false)],
      ...options,
    });
    await writeFile(join(folder, 'own.pem'), own.toPem());
    await writeFile(
      join(folder, 'own.key'),
      testKeyObject('client-p-256').export({ type: 'pkcs8', format: 'pem' }),
    );
    return examineYaml(
      folder,
      `
publicUrl: https://scep.corp.example
listeners:
  - address: 127.0.0.1:8443
    tls: { certificate: own.pem, key: own.key }
${more}`,
    );
  }

  test('a certificate for the public name', async () => {
    const findings = await judged({});
    expect(results(findings, 'listener.certificate')).toEqual(['ok']);
    expect(results(findings, 'listener.name')).toEqual(['ok']);
  });

  test('one that has expired, and is for another name', async () => {
    const notAfter = new Date('2022-01-01T00:00:00Z');
    const findings = await judged({ notAfter });
    expect(results(findings, 'listener.certificate')).toEqual(['failed']);
    expect(found(findings, 'listener.name')[0]?.because).toBe('listener.certificate');
    const other = await judged({}, '', 'dns:other.corp.example');
    expect(results(other, 'listener.name')).toEqual(['warning']);
  });

  test('plain http under an https name without a trusted proxy', async () => {
    const findings = await judged({}, '  - address: 127.0.0.1:8080\n');
    expect(found(findings, 'listener.proxies', 'listener 127.0.0.1:8080')[0]).toMatchObject({
      result: 'warning',
      next: expect.stringContaining('trustedProxies'),
    });
  });

  test('a loopback listener whose proxy is trusted under another address', async () => {
    const listener = (proxy: string) => `  - address: 127.0.0.1:8080
    clientAddress: { trustedProxies: ['${proxy}'], source: x-forwarded-for }
`;
    const about = 'listener 127.0.0.1:8080';
    const wrong = await judged({}, listener('10.0.0.5'));
    expect(found(wrong, 'listener.proxies', about)[0]?.result).toBe('warning');
    const right = await judged({}, listener('127.0.0.1'));
    expect(found(right, 'listener.proxies', about)[0]).toMatchObject({
      result: 'ok',
      text: 'Addresses of clients come by x-forwarded-for, from 1 trusted entries.',
    });
  });
});

test('a directory that cannot be reached: the account is not tried', async () => {
  await writeFile(join(folder, 'service.txt'), 'secret');
  const findings = await examineYaml(
    folder,
    `
directory:
  servers: ['ldaps://127.0.0.1:1']
  domain: CORP
  dnsDomain: corp.example
  groups: [{ group: SCEP-Admins }]
  service: { account: svc@corp.example, password: { file: service.txt } }
`,
  );
  expect(found(findings, 'network.port', 'directory ldaps://127.0.0.1:1')[0]?.result).toBe(
    'failed',
  );
  expect(results(findings, 'directory.servers')).toEqual(['failed']);
  expect(found(findings, 'directory.account')[0]).toMatchObject({
    result: 'skipped',
    because: 'directory.servers',
  });
});

test('a file of certificates that is missing ends the examination of its server, and of no other', async () => {
  const findings = await examineYaml(
    folder,
    `
issuers:
  old: { kind: ndes, mode: relay, url: 'https://127.0.0.1:1/scep', challenge: none, tls: { ca: gone.pem } }
  own: { kind: local }
profiles: { default: { paths: [/scep], issuer: old, challenges: { dynamic: false } } }
`,
  );
  const [settings] = found(findings, 'tls.settings', 'issuer old');
  expect(settings).toMatchObject({ result: 'failed' });
  expect(settings?.text).toContain('gone.pem');
  expect(found(findings, 'network.port')).toEqual([]);
  expect(found(findings, 'ra.present', 'issuer own')).toHaveLength(1);
});
