import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config/index.js';
import { checkFiles } from '../../src/gateway/index.js';
import { connectorRoot, writeCrl, writeServer } from './certificate-files.js';
import { remove, temporaryFolder } from './running.js';

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  const root = await connectorRoot();
  await writeServer(folder, { days: 40 });
  await writeFile(join(folder, 'ca.pem'), root.certificate.toPem());
  await writeCrl(join(folder, 'ca.crl'), root);
});
afterAll(() => remove(folder));

async function check(yaml: string, inDays = 0) {
  const file = join(folder, 'gateway.yaml');
  await writeFile(file, yaml);
  const resolved = await loadConfig({ environment: { SCEP_GATEWAY_CONFIG: file } });
  return checkFiles(resolved, new Date(Date.now() + inDays * 86_400_000));
}

const tls = (rest = 'certificate: server.crt, key: server.key') =>
  `listeners: [{ address: '127.0.0.1:1', tls: { ${rest} } }]\n`;
const trust = (list: string) => `access: { trustLists: { mdm: ${list} } }\n`;

describe('the files of a configuration', () => {
  test('say long before what will expire', async () => {
    const yaml = tls() + trust('{ ca: [ca.pem], crls: [ca.crl] }');
    expect(await check(yaml)).toEqual([]);
    const warned = (await check(yaml, 15)).map(({ key, warning }) => `${key}: ${warning}`);
    expect(warned).toEqual([
      expect.stringMatching(
        /^listeners\[0\]\.tls: the certificate CN=gateway expires on \S+, in 2[45] days$/,
      ),
      expect.stringMatching(
        /^access\.trustLists\.mdm: the CRL of CN=Connector CA is out of date since /,
      ),
    ]);
    expect((await check(tls(), 50))[0]?.warning).toMatch(/expired on \S+: clients refuse it$/);
  });

  test('are each said to be wrong, by their key', async () => {
    const yaml =
      tls('certificate: ca.pem, key: server.key, clientCertificates: request') +
      trust('{ ca: [server.crt], revocation: off }') +
      `accounts: [{ name: anna, certificates: [{ trust: mdm, name: 'ip:1.2.3' }] }]`;
    const fault = check(yaml);
    await expect(fault).rejects.toMatchObject({
      code: 'config.unreadable',
      problems: [
        { key: 'access.trustLists.mdm' },
        { key: 'accounts[0].certificates' },
        {
          key: 'listeners[0].tls',
          problem:
            'TLS of the listener 127.0.0.1:1: The private key belongs to none of the certificates.',
        },
      ],
    });
  });

  test('that are missing', async () => {
    await expect(check(tls('pfx: nothing.pfx'))).rejects.toMatchObject({
      problems: [{ key: 'listeners[0].tls', mend: expect.stringContaining('path') as unknown }],
    });
  });
});
