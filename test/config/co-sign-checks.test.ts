import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { checkConfig, loadConfig } from '../../src/config/index.js';

const account = 'authentication: { ntlm: { user: svc, domain: CORP, password: { env: P } } }';
const agent = '{ certificate: a.pem, key: a.key, passphrase: { env: A } }';

function configuration(coSign: string, more = '', profiles = ''): string {
  return `issuers: { corp: { kind: adcs-rpc, host: ca1, caName: CA, caCertificates: ca.pem, ${account}, coSign: { ${coSign} } ${more} } }\n${profiles}`;
}

function problems(yaml: string): string[] {
  const outcome = checkConfig(parse(yaml));
  return outcome.kind === 'valid'
    ? []
    : outcome.problems.map(({ key, problem, mend }) => `${key}: ${problem} -> ${mend}`);
}

function warnings(yaml: string): string[] {
  const outcome = checkConfig(parse(yaml));
  if (outcome.kind === 'invalid') throw new Error(JSON.stringify(outcome.problems));
  return outcome.warnings.map(({ key, warning }) => `${key}: ${warning}`);
}

test('an empty one signs with the RA certificate, as a Certificate Request Agent', () => {
  const outcome = checkConfig(parse(configuration('')));
  if (outcome.kind === 'invalid') throw new Error(JSON.stringify(outcome.problems));
  expect(outcome.config.issuers['corp']).toMatchObject({
    coSign: {
      form: 'cms',
      templates: [],
      addExtensions: [],
      applicationPolicy: '1.3.6.1.4.1.311.20.2.1',
    },
  });
});

describe('what cannot be', () => {
  test.each([
    [configuration('addExtensions: [sid]'), /coSign\.addExtensions: .* -> write `form: cmc`/],
    [configuration('form: cmc, addExtensions: [upn]'), /coSign\.addExtensions\[0\]: /],
    [configuration('form: pkcs7'), /coSign\.form: /],
    [configuration('agent: {}'), /coSign\.agent: names no file/],
    [configuration('agent: { key: a }'), /coSign\.agent: has a key without its certificate/],
    [configuration('secondAgent: { pfx: a, key: b }'), /coSign\.secondAgent: names both/],
    [configuration('applicationPolicy: Agent'), /coSign\.applicationPolicy: .*OID/],
    [configuration("templates: ['a:b']"), /coSign\.templates\[0\]: /],
    ['issuers: { local: { kind: local, coSign: {} } }', /local\.coSign: is not a known key/],
  ])('%s', (yaml, problem) => {
    expect(problems(yaml)).toEqual([expect.stringMatching(problem)]);
  });
});

describe('a template that is signed for and never asked for', () => {
  const misspelt = /^issuers\.corp\.coSign\.templates\[0\]: names "Signed", a template that no/;

  test('is warned of', () => {
    expect(warnings(configuration('templates: [Signed]'))).toContainEqual(
      expect.stringMatching(misspelt),
    );
  });

  test.each([
    ['the issuer', 'template: signed', ''],
    ['a key usage', 'templates: { EncryptionTemplate: Signed }', ''],
    ['a profile', '', 'profiles: { a: { issuer: corp, template: Signed } }'],
  ])('is none where %s names it', (_, more, profiles) => {
    const yaml = configuration('templates: [Signed]', more && `, ${more}`, profiles);
    expect(warnings(yaml)).not.toContainEqual(expect.stringMatching(misspelt));
  });
});

test('files are found from the folder of the configuration, and passphrases are looked for', async () => {
  const yaml = configuration(`agent: ${agent}, secondAgent: { pfx: b.pfx }`);
  const load = (environment: NodeJS.ProcessEnv) =>
    loadConfig({
      environment: { SCEP_GATEWAY_CONFIG: '/etc/gateway/gateway.yaml', P: 'p', ...environment },
      readFile: (path) =>
        path === '/etc/gateway/gateway.yaml'
          ? Promise.resolve(Buffer.from(yaml))
          : Promise.reject(new Error('ENOENT')),
    });
  const { config } = await load({ A: 'a' });
  const directory = join('/etc', 'gateway');
  expect(config.issuers['corp']).toMatchObject({
    coSign: {
      agent: { certificate: join(directory, 'a.pem'), key: join(directory, 'a.key') },
      secondAgent: { pfx: join(directory, 'b.pfx') },
    },
  });
  await expect(load({})).rejects.toMatchObject({
    problems: [{ key: 'issuers.corp.coSign.agent.passphrase' }],
  });
});
