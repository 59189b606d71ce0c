import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { checkConfig, loadConfig } from '../../src/config/index.js';

function issuer(yaml: string, rest = ''): string {
  return `issuers: { corp: { kind: adcs-webenroll, ${yaml} } }\n${rest}`;
}

const url = 'url: https://ca1.corp.example/certsrv/';
const signIn = 'authentication: { ntlm: { user: svc-scep, domain: CORP, password: { env: P } } }';

function problems(yaml: string): string[] {
  const outcome = checkConfig(parse(yaml));
  if (outcome.kind === 'valid') return [];
  return outcome.problems.map(({ key, problem, mend }) => `${key}: ${problem} -> ${mend}`);
}

test('url and a way to sign in are enough', () => {
  const outcome = checkConfig(parse(issuer(`${url}, ${signIn}`)));
  if (outcome.kind === 'invalid') throw new Error(JSON.stringify(outcome.problems));
  expect(outcome.config.issuers['corp']).toMatchObject({
    templates: {
      SignatureTemplate: 'IPSECIntermediateOffline',
      EncryptionTemplate: 'IPSECIntermediateOffline',
      GeneralPurposeTemplate: 'IPSECIntermediateOffline',
    },
    caThumbprints: [],
    attributes: {},
  });
  expect(outcome.config.profiles['default']?.issuer).toBe('corp');
});

describe('what cannot be', () => {
  test.each([
    [issuer(signIn), /^issuers\.corp\.url: is missing/],
    [issuer(`url: ldap://ca1, ${signIn}`), /^issuers\.corp\.url: .*https:\/\/ca1/],
    [
      issuer(`url: 'https://me:secret@ca1/certsrv/', ${signIn}`),
      /^issuers\.corp\.url: holds a user name or password/,
    ],
    [issuer(`url: 'https://ca1/certsrv/?x=1', ${signIn}`), /^issuers\.corp\.url: has a query/],
    [issuer(`${url}, authentication: {}`), /authentication: names no way to sign in/],
    [
      issuer(
        'url: http://ca1/certsrv/, authentication: { basic: { user: a, password: { env: P } } }',
      ),
      /authentication\.basic: would send the password over plain HTTP/,
    ],
    [
      issuer('url: http://ca1/certsrv/, authentication: { certificate: { pfx: a } }'),
      /authentication\.certificate: needs TLS/,
    ],
    [
      issuer(`${url}, authentication: { certificate: { key: a } }`),
      /authentication\.certificate: has a key without its certificate/,
    ],
    [
      issuer(`${url}, authentication: { negotiate: {} }`),
      /authentication\.negotiate: needs either a keytab or a credential cache/,
    ],
    [
      issuer(`${url}, authentication: { negotiate: { keytab: a, credentialCache: b } }`),
      /authentication\.negotiate: needs either/,
    ],
    [
      issuer(`${url}, authentication: { negotiate: { keytab: a } }`),
      /authentication\.negotiate\.principal: is missing/,
    ],
    [
      issuer(`${url}, ${signIn}, template: A, templates: { SignatureTemplate: B }`),
      /template: stands beside `templates`/,
    ],
    [issuer(`${url}, ${signIn}, template: "A\\r\\nSAN:upn=x"`), /template: .*name \(cn\)/],
    [issuer(`${url}, ${signIn}, template: "A:B"`), /template: .*name \(cn\)/],
    [issuer(`${url}, ${signIn}, attributes: { rmd: "a\\nSAN:b" }`), /attributes\.rmd: /],
    [issuer(`${url}, ${signIn}, subject: CN=x`), /subject: is not a known key/],
    [
      issuer(`${url}, ${signIn}`, 'profiles: { a: { issuer: corp, caCertShape: ca-only } }'),
      /profiles\.a\.caCertShape: is ca-only, but the key of the CA behind issuer "corp" is not here/,
    ],
    ['profiles: { a: { template: A } }', /profiles\.a\.template: names a certificate template/],
  ])('%s', (yaml, problem) => {
    expect(problems(yaml)).toEqual([expect.stringMatching(problem)]);
  });
});

describe('adcs-rpc', () => {
  const rpc = (yaml: string) => `issuers: { corp: { kind: adcs-rpc, ${yaml} } }`;
  const where = 'host: ca1.corp.example, caName: CORP-CA1-CA';

  test('host, name of the CA and a way to sign in are enough, with a word on the chain', () => {
    const outcome = checkConfig(parse(rpc(`${where}, ${signIn}`)));
    if (outcome.kind === 'invalid') throw new Error(JSON.stringify(outcome.problems));
    expect(outcome.config.issuers['corp']).toMatchObject({ timeoutSeconds: 60, attributes: {} });
    expect(outcome.warnings.map(({ key }) => key)).toContain('issuers.corp.caCertificates');
  });

  test.each([
    [rpc(`caName: A, ${signIn}`), /^issuers\.corp\.host: is missing/],
    [rpc(`host: ca1, ${signIn}`), /^issuers\.corp\.caName: is missing/],
    [rpc(`host: 'ca1\\CORP-CA1-CA', caName: A, ${signIn}`), /host: .*DNS name/],
    [rpc(`host: ca1, caName: 'ca1\\CORP-CA1-CA', ${signIn}`), /caName: .*common name/],
    [rpc(`${where}, port: 0, ${signIn}`), /port: /],
    [rpc(`${where}, timeoutSeconds: 76, ${signIn}`), /timeoutSeconds: /],
    [rpc(`${where}, authentication: {}`), /authentication: names no way to sign in/],
    [
      rpc(`${where}, authentication: { basic: { user: a, password: { env: P } } }`),
      /authentication\.basic: is not a known key/,
    ],
    [
      rpc(`${where}, authentication: { negotiate: { keytab: a } }`),
      /authentication\.negotiate\.principal: is missing/,
    ],
    [
      rpc(`${where}, ${signIn}, template: A, templates: { SignatureTemplate: B }`),
      /template: stands beside `templates`/,
    ],
    [rpc(`${where}, ${signIn}, url: 'https://ca1/'`), /url: is not a known key/],
  ])('%s', (yaml, problem) => {
    expect(problems(yaml)).toEqual(expect.arrayContaining([expect.stringMatching(problem)]));
  });
});

describe('adcs-ces', () => {
  const ces = (yaml: string) => `issuers: { corp: { kind: adcs-ces, ${yaml} } }`;
  const at = (application: string) => `url: 'https://ca1/CA_CES_${application}/service.svc/CES'`;
  const token = 'userNameToken: { user: svc-scep, password: { env: P } }';
  const kerberos = 'negotiate: { credentialCache: c }';

  function warnings(yaml: string): string[] {
    const outcome = checkConfig(parse(ces(yaml)));
    if (outcome.kind === 'invalid') throw new Error(JSON.stringify(outcome.problems));
    return outcome.warnings
      .filter(({ key }) => key.startsWith('issuers.corp'))
      .map(({ key, warning }) => `${key}: ${warning}`);
  }

  test.each([
    ['UsernamePassword', token],
    ['Kerberos', kerberos],
    ['Certificate', 'certificate: { pfx: a }'],
  ])('the address of %s and the way to sign in are enough', (application, way) => {
    expect(warnings(`${at(application)}, authentication: { ${way} }`)).toEqual([
      expect.stringMatching(/^issuers\.corp\.caCertificates: through CES a CA tells/),
    ]);
  });

  test('the address of another way to sign in is warned of', () => {
    expect(
      warnings(`${at('Kerberos')}, authentication: { ${token} }, caCertificates: a.pem`),
    ).toEqual([
      'issuers.corp.url: an address with _CES_Kerberos takes `authentication.negotiate`, which is not there',
    ]);
    expect(
      warnings(`url: 'https://ca1/other/ces', authentication: { ${token} }, caCertificates: a.pem`),
    ).toEqual([]);
  });

  test.each([
    [ces(`authentication: { ${token} }`), /^issuers\.corp\.url: is missing/],
    [
      ces(`url: 'http://ca1/service.svc/CES', authentication: { ${token} }`),
      /^issuers\.corp\.url: .*in the clear without TLS/,
    ],
    [
      ces(`url: 'https://a:b@ca1/service.svc/CES', authentication: { ${token} }`),
      /url: holds a user name or password/,
    ],
    [
      ces(`url: 'https://ca1/service.svc/CES?wsdl', authentication: { ${token} }`),
      /url: has a query -> write the address of the service/,
    ],
    [ces(`${at('Kerberos')}, authentication: {}`), /authentication: names not exactly one way/],
    [
      ces(`${at('Kerberos')}, authentication: { ${token}, ${kerberos} }`),
      /authentication: names not exactly one way/,
    ],
    [
      ces(`${at('Kerberos')}, authentication: { negotiate: { keytab: a } }`),
      /authentication\.negotiate\.principal: is missing/,
    ],
    [
      ces(`${at('Certificate')}, authentication: { certificate: { key: a } }`),
      /authentication\.certificate: has a key without its certificate/,
    ],
    [
      ces(`${at('Kerberos')}, authentication: { ntlm: { user: a, password: { env: P } } }`),
      /authentication\.ntlm: is not a known key/,
    ],
    [
      ces(
        `${at('Kerberos')}, authentication: { ${token} }, template: A, templates: { SignatureTemplate: B }`,
      ),
      /template: stands beside `templates`/,
    ],
  ])('%s', (yaml, problem) => {
    expect(problems(yaml)).toEqual(expect.arrayContaining([expect.stringMatching(problem)]));
  });

  test('files and secrets are found beside the configuration', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'scep-gateway-ces-'));
    const file = join(folder, 'gateway.yaml');
    writeFileSync(
      file,
      ces(
        `${at('UsernamePassword')}, authentication: { userNameToken: { user: u, password: { file: p } } }, tls: { ca: t.pem }, caCertificates: c.pem`,
      ),
    );
    writeFileSync(join(folder, 'p'), 'secret');
    const { config } = await loadConfig({ environment: { SCEP_GATEWAY_CONFIG: file } });
    expect(config.issuers['corp']).toMatchObject({
      authentication: { userNameToken: { password: { file: join(folder, 'p') } } },
      tls: { ca: join(folder, 't.pem') },
      caCertificates: join(folder, 'c.pem'),
    });
    rmSync(folder, { recursive: true });
  });
});
