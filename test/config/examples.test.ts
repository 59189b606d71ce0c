import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { checkConfig, loadConfig } from '../../src/config/index.js';

/** Variables an example needs, as its first lines say. */
const variables: Readonly<Record<string, NodeJS.ProcessEnv>> = {
  'adcs-web-enrollment.yaml': { ADCS_PASSWORD: 'a password' },
  'static-challenge.yaml': { STATIC_CHALLENGE_NEXT: 'next secret', STATIC_CHALLENGE_OLD: 'old' },
  'upstream-ndes-relay.yaml': { NDES_PASSWORD: 'a password of NDES' },
  'upstream-ndes-re-enroll.yaml': { NDES_PASSWORD: 'a password of NDES' },
  'active-directory.yaml': { DIRECTORY_PASSWORD: 'a password of svc-scep' },
  'ntlm.yaml': { MDM_PASSWORD: 'a password of the MDM' },
  'jamf-webhook.yaml': { JAMF_PASSWORD: 'a password of jamf' },
  'adcs-ces.yaml': { ADCS_PASSWORD: 'a password of svc-scep' },
  'adcs-rpc.yaml': { ADCS_PASSWORD: 'a password of svc-scep' },
  'pkcs11.yaml': { TOKEN_PIN: '73913' },
  'postgres.yaml': { DB_PASSWORD: 'a password of the role' },
  'redis.yaml': { REDIS_PASSWORD: 'a password of the user' },
  'several-gateways.yaml': { DB_PASSWORD: 'a password of the role', KEY_PASSPHRASE: 'shared' },
  'external-validation.yaml': {
    VALIDATOR_SECRET: 'secret',
    SCEP_TOKEN: Buffer.alloc(32).toString('base64'),
  },
};

const files = readdirSync('examples').filter((name) => name.endsWith('.yaml'));

function loadExample(file: string) {
  return loadConfig({
    environment: { SCEP_GATEWAY_CONFIG: `examples/${file}`, ...variables[file] },
  });
}

describe('examples', () => {
  test('are these', () => {
    expect(files.sort()).toEqual([
      'active-directory.yaml',
      'adcs-ces.yaml',
      'adcs-rpc.yaml',
      'adcs-web-enrollment.yaml',
      'aws-alb.yaml',
      'azure-front-door.yaml',
      'default.yaml',
      'devices-anywhere-admin-restricted.yaml',
      'direct.yaml',
      'external-validation.yaml',
      'jamf-cloud-app-proxy.yaml',
      'jamf-webhook.yaml',
      'legacy.yaml',
      'manual-approval.yaml',
      'mutual-tls.yaml',
      'ndes-compatible.yaml',
      'nginx-client-certificates.yaml',
      'nginx.yaml',
      'ntlm.yaml',
      'pkcs11.yaml',
      'postgres.yaml',
      'redis.yaml',
      'rfc8894-minimal.yaml',
      'root-and-issuing.yaml',
      'several-gateways.yaml',
      'static-challenge.yaml',
      'two-profiles.yaml',
      'upstream-ndes-re-enroll.yaml',
      'upstream-ndes-relay.yaml',
    ]);
  });

  test.each(files)('%s loads, and says how to start it and what it needs', async (file) => {
    const resolved = await loadExample(file);
    expect(Object.keys(resolved.config.profiles).length).toBeGreaterThan(0);
    const text = readFileSync(`examples/${file}`, 'utf8');
    expect(text).toContain(`SCEP_GATEWAY_CONFIG=examples/${file} npx scep-gateway serve`);
    for (const name of Object.keys(variables[file] ?? {})) {
      expect(text).toMatch(new RegExp(`^#   ${name} `, 'm'));
    }
  });

  test('default.yaml says the defaults and nothing else', async () => {
    const defaults = checkConfig({});
    const written = checkConfig(parse(readFileSync('examples/default.yaml', 'utf8')));
    if (defaults.kind === 'invalid' || written.kind === 'invalid') throw new Error('invalid');
    expect(written.config).toEqual(defaults.config);
    expect((await loadExample('default.yaml')).warnings.map(({ key }) => key)).toEqual([
      'data.passphrase',
    ]);
  });

  test('default.yaml shows every key of a default configuration', () => {
    const written: unknown = parse(readFileSync('examples/default.yaml', 'utf8'));
    const defaults = checkConfig({});
    if (defaults.kind === 'invalid') throw new Error('invalid');
    // Keys of the second CA certificate mean nothing where there is one.
    const withoutMeaning = ['issuers.local.rootSubject', 'issuers.local.issuingYears'];
    expect(keysOf(defaults.config).filter((key) => !keysOf(written).includes(key))).toEqual(
      withoutMeaning,
    );
  });

  test('legacy.yaml lets MD5 and single DES in, in its own profile only, and is warned about', async () => {
    const { config, warnings } = await loadExample('legacy.yaml');
    expect(config.profiles['legacy']?.algorithms.digests).toContain('md5');
    expect(config.profiles['legacy']?.algorithms.ciphers).toContain('des-cbc');
    expect(config.profiles['default']?.algorithms.digests).not.toContain('md5');
    expect(config.profiles['default']?.algorithms.ciphers).not.toContain('des-cbc');
    expect(warnings.map(({ key }) => key)).toEqual([
      'data.passphrase',
      'profiles.legacy.algorithms.digests',
      'profiles.legacy.algorithms.ciphers',
    ]);
  });
});

function keysOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([name, inner]) =>
    inner === undefined ? [] : keysOf(inner, path === '' ? name : `${path}.${name}`),
  );
}
