import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { checkConfig, type GatewayConfig } from '../../src/config/index.js';

/** `key: problem -> mend` of each problem. */
function problems(yaml: string): string[] {
  const checked = checkConfig(parse(yaml));
  if (checked.kind === 'valid') return [];
  return checked.problems.map(({ key, problem, mend }) => `${key}: ${problem} -> ${mend}`);
}

function valid(yaml: string): GatewayConfig {
  const checked = checkConfig(parse(yaml));
  if (checked.kind === 'invalid') throw new Error(JSON.stringify(checked.problems));
  return checked.config;
}

function warnings(yaml: string): string[] {
  const checked = checkConfig(parse(yaml));
  return checked.kind === 'valid' ? checked.warnings.map(({ key }) => key) : ['invalid'];
}

describe('what is assumed', () => {
  test.each([undefined, null, {}, { issuers: {}, profiles: {} }])(
    'nothing (%j) is the embedded CA and the profile default',
    (raw) => {
      const checked = checkConfig(raw);
      expect(checked).toMatchObject({
        kind: 'valid',
        config: {
          listeners: [{ address: '127.0.0.1:8080' }],
          issuers: { local: { kind: 'local', hierarchy: 'root' } },
          profiles: {
            default: {
              paths: ['/scep', '/scep/default', '/certsrv/mscep/mscep.dll'],
              issuer: 'local',
            },
          },
        },
      });
    },
  );

  test('profiles without issuers use local, and are reached by their names', () => {
    const config = valid('profiles: { phones: {}, routers: { paths: [/r] } }');
    expect(Object.keys(config.issuers)).toEqual(['local']);
    expect(config.profiles['phones']).toMatchObject({ issuer: 'local', paths: ['/scep/phones'] });
    expect(config.profiles['routers']?.paths).toEqual(['/r']);
  });

  test('one issuer and no profile: default uses it', () => {
    const config = valid('issuers: { corp: { kind: local } }');
    expect(config.profiles['default']?.issuer).toBe('corp');
  });

  test('several issuers and no profile: the choice is not guessed', () => {
    expect(problems('issuers: { one: { kind: local }, two: { kind: local } }')).toEqual([
      'profiles.default.issuer: is "local", which is not under issuers -> write one of: "one", "two"; or add it under issuers',
    ]);
  });
});

describe('unknown keys', () => {
  test.each([
    ['lisstners: []', 'lisstners: is not a known key -> did you mean "listeners"?'],
    [
      'profiles: { default: { challenges: { lenght: 8 } } }',
      'profiles.default.challenges.lenght: is not a known key -> did you mean "length"?',
    ],
    [
      'rsaBits: { min: 2048 }',
      'rsaBits: is not a known key here -> it belongs at profiles.<name>.policy.rsaBits',
    ],
    ['quota: 7', 'quota: is not a known key here -> it belongs at accounts[].quota'],
    [
      'log: { colour: red }',
      'log.colour: is not a known key -> remove it; the keys here are: level, format',
    ],
    [
      'issuers: { local: { kind: local, publicURL: x } }',
      'issuers.local.publicURL: is not a known key -> remove it; the keys here are: kind, hierarchy, subject, rootSubject, keyBits, keyToken, rootYears, issuingYears, raSubject, raKeyBits, raKeyToken, raYears, raOverlapDays, raCertificates, importRa, crlHours, backdateMinutes, import',
    ],
    [
      'log: { "__proto__": 1 }',
      'log.__proto__: is not a known key -> remove it; the keys here are: level, format',
    ],
    [
      'log: { "new\\nline\\u001b": 1 }',
      'log."new\\nline\\u001b": is not a known key -> remove it; the keys here are: level, format',
    ],
  ])('%s', (yaml, problem) => expect(problems(yaml)).toEqual([problem]));
});

describe('wrong values', () => {
  test.each([
    [
      '[]',
      '(the whole file): is a list where a mapping is expected -> write a mapping with the keys listeners, publicUrl, data, codec, log, limits, backlog, tokens, issuers, profiles, accounts, directory, access, shutdown, lockout',
    ],
    [
      'data:',
      'data: has no value -> write a mapping with the keys directory, store, keys, passphrase, challengeStore, redis, retention, processes, or remove the key',
    ],
    [
      'log: { level: inf }',
      'log.level: is the text "inf", which is not allowed here -> did you mean "info"?',
    ],
    [
      'log: { level: loud }',
      'log.level: is the text "loud", which is not allowed here -> write `error`, `warn`, `info` or `debug`',
    ],
    [
      'data: { processes: "4" }',
      'data.processes: is the text "4" where a whole number is expected -> write an integer from 1 to 64',
    ],
    [
      'data: { processes: 1.5 }',
      'data.processes: is 1.5 where a whole number is expected -> write an integer from 1 to 64',
    ],
    [
      'data: { processes: .nan }',
      'data.processes: is NaN where a whole number is expected -> write an integer from 1 to 64',
    ],
    [
      'data: { processes: 65 }',
      'data.processes: is 65, above the largest value 64 -> write an integer from 1 to 64',
    ],
    [
      'data: { processes: 0 }',
      'data.processes: is 0, below the smallest value 1 -> write an integer from 1 to 64',
    ],
    ['data: { directory: "" }', 'data.directory: is empty -> write text'],
    ['listeners: []', 'listeners: is an empty list -> write at least one entry'],
    ['listeners: [{}]', 'listeners[0].address: is missing -> write text'],
    [
      'listeners: [{ address: "::1:8080" }]',
      'listeners[0].address: is the text "::1:8080", which is not allowed here -> write an address and port such as `0.0.0.0:8080` or `[::]:8080`',
    ],
    [
      'listeners: [{ address: "0.0.0.0:70000" }]',
      'listeners[0].address: names port 70000 -> write a port from 0 (any free one) to 65535',
    ],
    [
      'listeners: [{ address: "a:1" }, { address: "a:1" }]',
      'listeners[1].address: is listed already in listeners[0] -> remove one of them',
    ],
    [
      'publicUrl: scep.example.org',
      'publicUrl: is the text "scep.example.org", which is not allowed here -> write an absolute http or https URL such as `https://scep.example.org`',
    ],
    [
      'publicUrl: "ftp://x"',
      'publicUrl: is the text "ftp://x", which is not allowed here -> write an absolute http or https URL such as `https://scep.example.org`',
    ],
    [
      'publicUrl: "https://u:p@x/?q"',
      'publicUrl: has a query, a fragment or a user name -> write scheme, host and, where needed, port and path only',
    ],
    ['issuers: { local: {} }', 'issuers.local.kind: is missing -> write `kind: local`'],
    [
      'issuers: { local: { kind: adcs } }',
      'issuers.local.kind: is the text "adcs", which is not allowed here -> write `kind: local`',
    ],
    [
      'issuers: { local: { kind: local, keyBits: 1024 } }',
      'issuers.local.keyBits: is 1024, which is not allowed here -> write `2048`, `3072` or `4096`',
    ],
    [
      'issuers: { local: { kind: local, subject: Corp CA } }',
      'issuers.local.subject: is the text "Corp CA", which is not allowed here -> write a distinguished name such as `CN=Example Device CA,O=Example`',
    ],
    [
      'profiles: { A_B: {} }',
      'profiles.A_B: is not a usable name -> write up to 32 lower-case letters, digits and hyphens, a letter first',
    ],
    [
      'profiles: { default: { paths: scep } }',
      'profiles.default.paths: is the text "scep" where a list is expected -> write a list of text',
    ],
    [
      'profiles: { default: { paths: [] } }',
      'profiles.default.paths: is an empty list -> remove the key to get `/scep/default`',
    ],
    [
      'profiles: { default: { paths: ["/a?b"] } }',
      'profiles.default.paths[0]: is the text "/a?b", which is not allowed here -> write a path such as `/scep/phones`: a slash, then letters, digits, `.`, `_`, `~` and `-`',
    ],
    [
      'profiles: { default: { challenges: { none: true } } }',
      'profiles.default.challenges.none: is true, which is not allowed here -> write `anyone-may-enroll`',
    ],
    [
      'profiles: { default: { policy: { extendedKeyUsage: [clientAuth] } } }',
      'profiles.default.policy.extendedKeyUsage[0]: is the text "clientAuth", which is not allowed here -> write a dotted OID such as `1.3.6.1.5.5.7.3.2`',
    ],
    [
      'backlog: { retry: { firstSeconds: 60, longestSeconds: 30 } }',
      'backlog.retry.longestSeconds: is 30, but the first wait is 60 -> write 60 or more, or a smaller firstSeconds',
    ],
    [
      'backlog: { dropHours: 12 }',
      'backlog.overdueHours: is 24, but what no CA has seen is dropped after 12 -> write fewer hours than dropHours, so that somebody is told before',
    ],
    [
      'profiles: { default: { standby: [local] } }',
      'profiles.default.standby: stands beside issuer "local", an embedded CA, which nothing else reaches -> remove the key, or name another issuer',
    ],
    ...(
      [
        ['corp', 'names "corp" a second time -> name each issuer once'],
        [
          'local',
          'is "local", an embedded CA, which no other issuer reaches -> name an issuer that reaches the same CA as `issuer`',
        ],
        ['locale', 'is "locale", which is not under issuers -> did you mean "local"?'],
      ] as const
    ).map(([standby, problem]): [string, string] => [
      `issuers: { local: { kind: local }, corp: { kind: adcs-webenroll, url: https://ca/certsrv/, authentication: { ntlm: { user: u, domain: D, password: { file: p } } } } }\nprofiles: { default: { issuer: corp, standby: [${standby}] } }`,
      `profiles.default.standby[0]: ${problem}`,
    ]),
    [
      'profiles: { default: { ndes: { EnforcePassword: 2 } } }',
      'profiles.default.ndes.EnforcePassword: is 2, which is not allowed here -> write `0` or `1`',
    ],
  ])('%s', (yaml, problem) => expect(problems(yaml)).toEqual([problem]));

  test('long and unprintable text is cut and escaped', () => {
    const [problem] = problems(`log: { level: "\\u001b[31m${'x'.repeat(100)}" }`);
    expect(problem).toBe(
      `log.level: is the text "\\u001b[31m${'x'.repeat(55)}…", which is not allowed here -> write \`error\`, \`warn\`, \`info\` or \`debug\``,
    );
  });
});

describe('secrets', () => {
  const forms = '{ file: path }, { env: NAME } or { credential: name }';
  test.each([
    [
      'hunter2',
      'data.passphrase: is a value where a reference to a secret is expected',
      `write ${forms}: secrets do not stand in this file`,
    ],
    ['{}', 'data.passphrase: names no source', `write one of ${forms}`],
    [
      '{ file: hunter2, env: hunter2 }',
      'data.passphrase: names file and env',
      `write one of ${forms}`,
    ],
    [
      '{ env: "hunter2 !" }',
      'data.passphrase.env: is not a name that can be looked up',
      `write ${forms}`,
    ],
    [
      '{ credential: ../hunter2 }',
      'data.passphrase.credential: is not a name that can be looked up',
      `write ${forms}`,
    ],
    [
      '{ file: x, fiel: hunter2 }',
      'data.passphrase.fiel: is not a known key',
      'did you mean "file"?',
    ],
  ])('%s is refused without being shown', (reference, problem, mend) => {
    const found = problems(`data: { passphrase: ${reference} }`);
    expect(found).toEqual([`${problem} -> ${mend}`]);
    expect(found.join()).not.toContain('hunter2');
  });

  test('a wrong password hash is not shown', () => {
    const found = problems('accounts: [{ name: a, passwordHash: hunter2 }]');
    expect(found).toEqual([
      'accounts[0].passwordHash: is not such a hash -> write a hash that begins with `scrypt$`',
    ]);
  });
});

describe('impossible combinations', () => {
  const local = 'issuers: { local: { kind: local';
  test.each([
    [
      'data: { challengeStore: memory, processes: 2 }',
      'data.challengeStore: is memory, which 2 processes cannot share -> write `challengeStore: database`, or `processes: 1`',
    ],
    [
      'profiles: { default: { issuer: locl } }',
      'profiles.default.issuer: is "locl", which is not under issuers -> did you mean "local"?',
    ],
    [
      'profiles: { default: { issuer: adcs } }',
      'profiles.default.issuer: is "adcs", which is not under issuers -> write one of: "local"; or add it under issuers',
    ],
    [
      'profiles: { a: { paths: [/x] }, b: { paths: [/y, /X/] } }',
      'profiles.b.paths[1]: is "/X/", which already leads to profile "a" (profiles.a.paths[0]) -> give each profile paths of its own',
    ],
    [
      'profiles: { a: { paths: [/x] }, b: { paths: [/x/pkiclient.exe] } }',
      'profiles.b.paths[0]: is "/x/pkiclient.exe", which already leads to profile "a" (profiles.a.paths[0]) -> give each profile paths of its own',
    ],
    [
      'profiles: { a: {}, b: { paths: [/scep/a] } }',
      'profiles.b.paths[0]: is "/scep/a", which already leads to profile "a" (profiles.a.paths[0]) -> give each profile paths of its own',
    ],
    [
      'profiles: { a: { paths: [/x, /X/] } }',
      'profiles.a.paths[1]: is the same path as profiles.a.paths[0] -> remove one of them',
    ],
    [
      'profiles: { default: { paths: [/API/v2] } }',
      'profiles.default.paths[0]: is "/API/v2", but the gateway itself answers /api -> write another path, such as `/scep/default`',
    ],
    [
      'profiles: { default: { paths: [/certsrv/mscep_admin/] } }',
      'profiles.default.paths[0]: is "/certsrv/mscep_admin/", but the gateway itself answers /certsrv/mscep_admin -> write another path, such as `/scep/default`',
    ],
    [
      'profiles: { default: { challenges: { dynamic: false } } }',
      'profiles.default.challenges: leaves no way to enroll: dynamic and single are false, and static is empty -> write `dynamic: true`, add an entry under static or a webhook, or, to let anyone enroll, write `none: anyone-may-enroll`',
    ],
    [
      'profiles: { default: { challenges: { dynamic: false, single: true, jamfWebhook: {} } } }',
      'profiles.default.challenges.jamfWebhook: hands out one-time challenges, but dynamic is false -> write `dynamic: true`, or remove jamfWebhook',
    ],
    [
      'profiles: { default: { challenges: { jamfWebhook: { path: /api/jamf } } } }',
      'profiles.default.challenges.jamfWebhook.path: is "/api/jamf", but the gateway itself answers /api -> write another path, such as `/scep/default`',
    ],
    [
      'profiles: { a: { paths: [/jamf/b] }, b: { challenges: { jamfWebhook: {} } } }',
      'profiles.b.challenges.jamfWebhook.path: is "/jamf/b", which already leads to profile "a" (profiles.a.paths[0]) -> give each profile paths of its own',
    ],
    [
      'profiles: { default: { challenges: { single: true, none: anyone-may-enroll } } }',
      'profiles.default.challenges.single: asks for one lasting password, but none lets anyone enroll without -> remove one of them',
    ],
    [
      'profiles: { default: { ndes: { PasswordMax: 9 }, challenges: { max: 9 } } }',
      'profiles.default.ndes.PasswordMax: says the same as challenges.max of this profile -> remove one of them',
    ],
    [
      'profiles: { default: { challenges: { static: [{ name: a, secret: { env: A } }, { name: A, secret: { env: B } }] } } }',
      'profiles.default.challenges.static[1].name: is "A", the name of static[0] -> give each static challenge a name of its own',
    ],
    [
      'profiles: { default: { policy: { rsaBits: { min: 4096, max: 2048 } } } }',
      'profiles.default.policy.rsaBits.min: is 4096, above max, which is 2048 -> write 2048 or less, or raise max',
    ],
    [
      'profiles: { default: { policy: { san: { types: [], required: true } } } }',
      'profiles.default.policy.san.required: demands a subjectAltName, but san.types allows no kind of it -> list the kinds under san.types, or write `required: false`',
    ],
    [
      'profiles: { default: { policy: { san: { types: [] }, subject: { allowEmpty: true } } } }',
      'profiles.default.policy.subject.allowEmpty: needs a subjectAltName in place of the subject, but san.types allows no kind of it -> list the kinds under san.types, or write `allowEmpty: false`',
    ],
    [
      'profiles: { default: { policy: { subject: { pattern: "(" } } } }',
      'profiles.default.policy.subject.pattern: is not a regular expression: Unterminated group -> write one that JavaScript understands with flag u; it must match the whole text',
    ],
    [
      `${local}, importRa: { pfx: a } } }\nprofiles: { default: { caCertShape: ca-only } }`,
      'profiles.default.caCertShape: is ca-only, but issuer "local" imports an RA certificate that no device would then see -> write another shape, or remove importRa from the issuer',
    ],
    [
      `${local}, import: { pfx: a, certificate: b } } }`,
      'issuers.local.import: names both a PKCS#12 file and PEM files -> write either `pfx`, or `certificate` and `key`',
    ],
    [
      `${local}, import: { certificate: b } } }`,
      'issuers.local.import: has a certificate without its key -> add `key: path of the PEM file`',
    ],
    [
      `${local}, importRa: { key: b } } }`,
      'issuers.local.importRa: has a key without its certificate -> add `certificate: path of the PEM file`',
    ],
    [
      `${local}, import: {} } }`,
      'issuers.local.import: names no file -> write either `pfx`, or `certificate` and `key`',
    ],
    [
      `${local}, hierarchy: root-and-issuing, rootYears: 5 } }`,
      'issuers.local.issuingYears: is 10, but the root lives for 5 -> write 5 or less, or raise rootYears',
    ],
    [
      `${local}, rootYears: 1 } }`,
      'issuers.local.raYears: is 2, but the CA lives for 1 -> write 1 or less',
    ],
    [
      `${local}, hierarchy: root-and-issuing, rootSubject: CN=a, subject: CN=a } }`,
      'issuers.local.rootSubject: is the same name as `subject` -> give the root and the issuing CA different names',
    ],
    [
      'accounts: [{ name: Admin, password: { env: A } }]',
      'accounts[0].name: is the name of the built-in administrator -> write another name; SCEP_GATEWAY_ADMIN_PASSWORD sets the password of admin',
    ],
    [
      'accounts: [{ name: bob, password: { env: A } }, { name: BOB, password: { env: A } }]',
      'accounts[1].name: is "BOB", the name of accounts[0]; case makes no difference -> give each account a name of its own',
    ],
    [
      'accounts: [{ name: "D\\\\bob", password: { env: A } }]',
      'accounts[0].name: is "D\\\\bob": sign-ins are compared without their domain -> write the user name alone, without `\\`, `@` and `:`',
    ],
    [
      'accounts: [{ name: bob }]',
      'accounts[0]: has no password -> add `passwordHash`, or `password` as { file: path }, { env: NAME } or { credential: name }',
    ],
    [
      'accounts: [{ name: bob, password: { env: A }, passwordHash: scrypt$x }]',
      'accounts[0]: has both password and passwordHash -> remove one of them',
    ],
    [
      'accounts: [{ name: bob, password: { env: A }, profiles: [defualt] }]',
      'accounts[0].profiles[0]: is "defualt", which is not under profiles -> write one of: "default"',
    ],
  ])('%s', (yaml, problem) => expect(problems(yaml)).toEqual([problem]));
});

describe('everything at once', () => {
  test('combinations are checked although single values are wrong, and the order is that of the keys', () => {
    const keys = problems(`
profiles:
  default: { paths: [nope], policy: { rsaBits: { min: 4096, max: 2048 } }, isuer: x }
  second: { issuer: other }
accounts: [{ name: admin, quota: many, password: { env: A } }, { name: bob }]
issuers: { other: { kind: wrong } }
`).map((problem) => problem.slice(0, problem.indexOf(':')));
    expect(keys).toEqual([
      'accounts[0].name',
      'accounts[0].quota',
      'accounts[1]',
      'issuers.other.kind',
      'profiles.default.issuer',
      'profiles.default.isuer',
      'profiles.default.paths[0]',
      'profiles.default.policy.rsaBits.min',
    ]);
  });

  test('a combination with a value that is wrong by itself is not judged by the default', () => {
    expect(
      problems('profiles: { default: { policy: { rsaBits: { min: x, max: 1024 } } } }'),
    ).toEqual([
      'profiles.default.policy.rsaBits.min: is the text "x" where a whole number is expected -> write an integer from 1024 to 8192',
    ]);
  });
});

describe('the names of NDES', () => {
  test('become challenges', () => {
    const config = valid(
      'profiles: { default: { ndes: { PasswordMax: 7, PasswordValidity: 30, PasswordLength: 16, UseSinglePassword: 1, EnforcePassword: 1 } } }',
    );
    expect(config.profiles['default']?.challenges).toMatchObject({
      max: 7,
      validityMinutes: 30,
      length: 16,
      single: true,
      none: undefined,
    });
    expect(config.profiles['default']).not.toHaveProperty('ndes');
  });

  test('EnforcePassword 0 opens the profile, and satisfies the demand for a way to enroll', () => {
    const config = valid(
      'profiles: { default: { ndes: { EnforcePassword: false }, challenges: { dynamic: false } } }',
    );
    expect(config.profiles['default']?.challenges.none).toBe('anyone-may-enroll');
  });
});

describe('warnings', () => {
  test.each([
    ['{}', ['data.passphrase']],
    ['data: { passphrase: { env: A } }', []],
    ['lockout: { failures: 5 }', ['data.passphrase', 'access.rateLimits.failedSignIns']],
    [
      'access: { rateLimits: { failedSignIns: { seconds: 599 } } }',
      ['data.passphrase', 'access.rateLimits.failedSignIns'],
    ],
    ['access: { rateLimits: { failedSignIns: { count: 9, seconds: 600 } } }', ['data.passphrase']],
    ['data: { challengeStore: memory, passphrase: { env: A } }', ['data.challengeStore']],
    [
      'profiles: { p: { algorithms: { digests: [md5], ciphers: [des-cbc] }, challenges: { none: anyone-may-enroll, static: [{ name: a, secret: { env: A } }] } } }',
      [
        'data.passphrase',
        'profiles.p.algorithms.digests',
        'profiles.p.algorithms.ciphers',
        'profiles.p.challenges.none',
        'profiles.p.challenges.static[0]',
      ],
    ],
  ])('%s', (yaml, keys) => expect(warnings(yaml)).toEqual(keys));
});
