import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { checkConfig, loadConfig } from '../../src/config/index.js';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const tokens = 'tokens: { hsm: { module: lib/p11.so, label: scep } }';

function problems(yaml: string): string[] {
  const checked = checkConfig(parse(yaml));
  return checked.kind === 'valid'
    ? []
    : checked.problems.map(({ key, problem, mend }) => `${key}: ${problem} -> ${mend}`);
}

const local = (more: string): string => `${tokens}\nissuers: { local: { kind: local, ${more} } }`;

describe('tokens', () => {
  test.each([
    ['keyToken: hsm'],
    ['keyToken: hsm, raKeyToken: hsm'],
    ['keyToken: hsm, import: { certificate: ca.pem, tokenKey: { label: CA 1, id: 0AFF } }'],
    ['raKeyToken: hsm, importRa: { certificate: ra.pem, tokenKey: { id: "01" } }'],
    ['keyToken: hsm, import: { pfx: ca.pfx }'],
  ])('%s', (more) => expect(problems(local(more))).toEqual([]));

  test.each([
    [
      'tokens: { hsm: { module: p11.so } }',
      'tokens.hsm: does not say which token of the module -> add `label`, or `serial`',
    ],
    [
      'tokens: { HSM: { module: p11.so, label: a } }',
      'tokens.HSM: is not a usable name -> write up to 32 lower-case letters, digits and hyphens, a letter first',
    ],
    [
      local('keyToken: hms'),
      'issuers.local.keyToken: is "hms", which is not under tokens -> did you mean "hsm"?',
    ],
    [
      'issuers: { local: { kind: local, raKeyToken: hsm } }',
      'issuers.local.raKeyToken: is "hsm", which is not under tokens -> add it under `tokens`',
    ],
    [
      local('import: { certificate: ca.pem, tokenKey: { label: a } }'),
      'issuers.local.import.tokenKey: names a key, but the issuer no token for it -> add `keyToken` to the issuer',
    ],
    [
      local('keyToken: hsm, import: { certificate: ca.pem, key: ca.key, tokenKey: { label: a } }'),
      'issuers.local.import: names both a key of a token and a file with a key -> write `certificate` and `tokenKey`, and no `key` or `pfx`',
    ],
    [
      local('keyToken: hsm, import: { tokenKey: { label: a } }'),
      'issuers.local.import: has a key of a token without its certificate -> add `certificate: path of the PEM file`',
    ],
    [
      local('raKeyToken: hsm, importRa: { certificate: ra.pem, tokenKey: {} }'),
      'issuers.local.importRa.tokenKey: does not say which key -> add `label` (CKA_LABEL), `id` (CKA_ID), or both',
    ],
  ])('%s', (yaml, problem) => expect(problems(yaml)).toEqual([problem]));

  test('a token that no issuer uses is warned about; paths are those beside the file', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'scep-gateway-tokens-'));
    try {
      const file = join(directory, 'gateway.yaml');
      const ceremony = 'import: { certificate: ca.pem, tokenKey: { id: 0AFF } }';
      writeFileSync(join(directory, 'pin'), 'a PIN\n');
      writeFileSync(
        file,
        `tokens:
  used: { module: lib/p11.so, label: a, pin: { file: pin } }
  spare: { module: libp11.so.2, serial: '1' }
issuers: { local: { kind: local, keyToken: used, ${ceremony} } }
`,
      );
      const { config, warnings, readSecret } = await loadConfig({
        environment: { SCEP_GATEWAY_CONFIG: file },
      });
      expect(config.tokens['used']).toEqual({
        module: join(directory, 'lib/p11.so'),
        label: 'a',
        pin: { file: join(directory, 'pin') },
        sessions: 2,
        timeoutSeconds: 10,
      });
      expect(await readSecret(config.tokens['used']!.pin!)).toBe('a PIN');
      expect(config.tokens['spare']?.module).toBe('libp11.so.2');
      expect(config.issuers['local']).toMatchObject({
        import: { certificate: join(directory, 'ca.pem'), tokenKey: { id: '0aff' } },
      });
      expect(warnings.map(({ key }) => key)).toEqual([
        'data.passphrase',
        'tokens.spare',
        'tokens.used.sessions',
      ]);
      expect(warnings.at(-1)?.warning).toContain('UV_THREADPOOL_SIZE to 7 or more');
      const raised = await loadConfig({
        environment: { SCEP_GATEWAY_CONFIG: file, UV_THREADPOOL_SIZE: '7' },
      });
      expect(raised.warnings.map(({ key }) => key)).toEqual(['data.passphrase', 'tokens.spare']);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
