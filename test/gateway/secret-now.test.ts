import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config/index.js';
import { secretNow } from '../../src/gateway/secret-now.js';
import { errorReply, loggedFault } from '../../src/http/error-response.js';
import { remove, temporaryFolder } from './running.js';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => remove(folder));

test.each([
  ['store.unavailable', { file: 'ldap-pass' }, ['ldap-pass', 'there is no such file']],
  ['directory.unavailable', { env: 'LDAP_PASS' }, ['LDAP_PASS', 'in the environment']],
  ['directory.unavailable', { credential: 'ldap-pass' }, ['ldap-pass', 'no such file']],
] as const)(
  'what cannot be read now is in the log, and callers learn nothing of where it is: %s, %j',
  async (code, reference, known) => {
    const config = join(folder, 'gateway.yaml');
    await writeFile(config, '{}');
    const credentials = join(folder, 'credentials');
    await mkdir(credentials);
    const environment: NodeJS.ProcessEnv = {
      SCEP_GATEWAY_CONFIG: config,
      CREDENTIALS_DIRECTORY: credentials,
      LDAP_PASS: 'right',
    };
    for (const place of [folder, credentials]) await writeFile(join(place, 'ldap-pass'), 'right');
    const { readSecret } = await loadConfig({ environment });
    expect(await secretNow(readSecret, reference, code)).toBe('right');

    delete environment['LDAP_PASS'];
    for (const place of [folder, credentials]) await rm(join(place, 'ldap-pass'));
    const fault: unknown = await secretNow(readSecret, reference, code).catch(
      (error: unknown) => error,
    );
    for (const format of ['text', 'json'] as const) {
      const { status, body } = errorReply(fault, 'the-reference', format);
      expect(status).toBe(503);
      expect(body).toContain('A password cannot be read now.');
      expect(body).not.toMatch(/ldap.?pass|environment|gateway/i);
      expect(body).not.toContain(folder);
    }
    const { code: logged, detail } = loggedFault(fault);
    expect(logged).toBe(code);
    for (const part of known) expect(detail).toContain(part);
    if (!('env' in reference)) expect(detail).toContain(folder);
  },
);
