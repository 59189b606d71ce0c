import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { checkConfig } from '../../src/config/index.js';

const ndes = 'https://ndes.example/certsrv/mscep/mscep.dll';
const page = 'adminPage: { authentication: { basic: { user: svc, password: { env: P } } } }';
const pem = '{ certificate: ra.pem, key: ra.key }';

/** Problems as `key: what is wrong`. */
function problems(issuer: string, profile = '', url = ndes): string[] {
  const outcome = checkConfig(
    parse(`
issuers:
  old: { kind: ndes, url: '${url}', ${issuer} }
  local: { kind: local }
profiles:
  default: { issuer: old, ${profile} }
`),
  );
  if (outcome.kind === 'valid') return [];
  return outcome.problems.map(({ key, problem }) => `${key}: ${problem}`);
}

function config(issuer: string, profile = '') {
  const outcome = checkConfig(
    parse(`
issuers: { old: { kind: ndes, url: '${ndes}', ${issuer} } }
profiles: { default: { issuer: old, ${profile} } }
`),
  );
  if (outcome.kind === 'invalid') throw new Error(JSON.stringify(outcome.problems));
  return outcome.config.profiles['default'];
}

describe('what stands together', () => {
  test.each([
    ['a relay', 'mode: relay', ''],
    ['a relay with the admin page', `mode: relay, ${page}`, ''],
    ['a relay that looks into messages', `mode: relay, ${page}, importRa: ${pem}`, ''],
    [
      'a relay that reads a shared password',
      `mode: relay, importRa: ${pem}`,
      'challenges: { static: [{ name: a, secret: { env: S } }] }, algorithms: { digests: [sha256] }',
    ],
    ['re-enrollment with one-time passwords', `mode: re-enroll, ${page}`, ''],
    [
      're-enrollment with a fixed password',
      'mode: re-enroll, challenge: fixed',
      'challenges: { static: [{ name: a, secret: { env: S } }] }',
    ],
    ['re-enrollment without one', 'mode: re-enroll, challenge: none', 'approval: manual'],
  ])('%s', (_name, issuer, profile) => {
    expect(problems(issuer, profile)).toEqual([]);
  });

  test('one-time challenges are handed out only where they come from somewhere', () => {
    expect(config('mode: relay')?.challenges.dynamic).toBe(false);
    expect(config(`mode: relay, ${page}`)?.challenges.dynamic).toBe(true);
    const fixed = 'challenges: { static: [{ name: a, secret: { env: S } }] }';
    expect(config('mode: re-enroll, challenge: fixed', fixed)?.challenges.dynamic).toBe(false);
    expect(config('mode: re-enroll, challenge: none')?.challenges.dynamic).toBe(true);
  });

  test('renewal is offered only where the server asks for no challenge', () => {
    expect(config(`mode: re-enroll, ${page}`)?.renewal.allow).toBe(false);
    expect(config('mode: re-enroll, challenge: none')?.renewal.allow).toBe(true);
  });
});

describe('what does not', () => {
  test.each([
    ['mode: re-enroll', '', 'profiles.default.challenges: would be refused by the server'],
    [
      `mode: re-enroll, ${page}`,
      'challenges: { static: [{ name: a, secret: { env: S } }] }',
      'profiles.default.challenges.static: would be refused by the server',
    ],
    [
      'mode: re-enroll, challenge: fixed',
      '',
      'profiles.default.challenges: do not fit a server that reads one fixed password',
    ],
    [
      `mode: re-enroll, ${page}`,
      'renewal: { allow: true }',
      'profiles.default.renewal.allow: cannot be',
    ],
    [`mode: re-enroll, ${page}`, 'approval: manual', 'profiles.default.approval: is manual'],
    [
      `mode: re-enroll, ${page}`,
      'challenges: { none: anyone-may-enroll }',
      'profiles.default.challenges.none: lets devices in without a challenge',
    ],
    [
      `mode: re-enroll, ${page}`,
      'challenges: { single: true }',
      'profiles.default.challenges.single: would show a password of the gateway',
    ],
    [`mode: re-enroll, ${page}`, 'standby: [local]', 'profiles.default.standby'],
    [`mode: re-enroll, ${page}`, 'template: Web', 'profiles.default.template: is for AD CS'],
    [
      `mode: re-enroll, challenge: none, ${page}`,
      '',
      'issuers.old.adminPage: is never asked: challenge is none',
    ],
    ['mode: relay', 'approval: manual', 'profiles.default.approval: is manual, but a relay'],
    [
      'mode: relay',
      'policy: { validityDays: 5 }',
      'profiles.default.policy: means nothing to a relay',
    ],
    ['mode: relay', 'outage: queue', 'profiles.default.outage: means nothing to a relay'],
    [
      'mode: relay',
      'algorithms: { digests: [sha256] }',
      'profiles.default.algorithms: means nothing to a relay without',
    ],
    [
      'mode: relay',
      'challenges: { dynamic: true }',
      'profiles.default.challenges.dynamic: is true, but the server makes the challenges',
    ],
    [
      'mode: relay',
      'challenges: { static: [{ name: a, secret: { env: S } }] }',
      'profiles.default.challenges: has static secrets',
    ],
    [
      `mode: relay, importRa: ${pem}`,
      '',
      'profiles.default.challenges: are none, so the check before the relay',
    ],
    [`mode: relay, signer: ${pem}`, '', 'issuers.old.signer: means nothing to a relay'],
    ['mode: relay, raYears: 3', '', 'issuers.old.raYears: means nothing to a relay'],
    [
      `mode: re-enroll, ${page}, importRaEncryption: ${pem}`,
      '',
      'issuers.old.importRaEncryption: stands alone',
    ],
    ['mode: both', '', 'issuers.old.mode'],
    ['mode: relay, fingerprint: abc', '', 'issuers.old.fingerprint'],
  ])('%s with %s', (issuer, profile, expected) => {
    expect(problems(issuer, profile)).toContainEqual(expect.stringContaining(expected));
  });

  test('plain http where challenges are sealed to whoever answers, or a password is sent', () => {
    const plain = 'http://ndes.example/certsrv/mscep/mscep.dll';
    expect(problems('mode: relay', '', plain)).toEqual([]);
    expect(problems(`mode: re-enroll, ${page}`, '', plain)).toEqual([
      expect.stringContaining('issuers.old.adminPage.authentication.basic: would send'),
      expect.stringContaining('issuers.old.fingerprint: is missing: over plain http'),
    ]);
    const pinned = `mode: re-enroll, challenge: none, fingerprint: ${'ab'.repeat(32)}`;
    expect(problems(pinned, '', plain)).toEqual([]);
  });

  test('an admin page that cannot be guessed', () => {
    expect(problems(`mode: relay, ${page}`, '', 'https://ca.example/scep')).toEqual([
      expect.stringContaining('issuers.old.adminPage.url: is missing'),
    ]);
  });

  test('a password in the URL', () => {
    expect(problems('mode: relay', '', 'https://u:p@ca.example/scep')).toEqual([
      expect.stringContaining('issuers.old.url: holds more than an address'),
    ]);
  });
});
