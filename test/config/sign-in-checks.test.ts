import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { checkConfig } from '../../src/config/index.js';

function judged(yaml: string): string[] {
  const checked = checkConfig(parse(yaml));
  return checked.kind === 'valid'
    ? checked.warnings
        .filter(({ key }) => key !== 'data.passphrase')
        .map(({ key, warning }) => `${key}: ${warning}`)
    : checked.problems.map(({ key, problem, mend }) => `${key}: ${problem} -> ${mend}`);
}

const on = 'access: { signIn: { ntlm: { enabled: true } } }';
const required = 'access: { signIn: { ntlm: { enabled: true, channelBinding: required } } }';
const account = 'accounts: [{ name: mdm, password: { env: X } }]';
const proxy = "clientAddress: { source: x-forwarded-for, trustedProxies: ['10.0.0.1'] }";
const tls = 'tls: { certificate: a.pem, key: a.key }';
const listener = (text: string) => `listeners: [{ address: '0.0.0.0:1', ${text} }]`;

describe('what would have no effect', () => {
  test.each([
    [
      'access: { signIn: { ntlm: { mic: required } } }',
      'access.signIn.ntlm.mic: is required, and NTLM is off -> write `enabled: true` beside it, or remove the key',
    ],
    [
      listener('ntlmBehindProxies: connection-is-not-shared'),
      'listeners[0].ntlmBehindProxies: speaks of proxies, and the listener has none -> name them under `clientAddress.trustedProxies`, or remove the key',
    ],
  ])('%s', (yaml, problem) => {
    expect(judged(yaml)).toEqual([problem]);
  });
});

describe('what the administrator should know', () => {
  const relayed =
    'listeners[0]: NTLM is offered without TLS: the sign-in can be relayed, and the challenge on the page be read on the way';
  const nowhere =
    'access.signIn.ntlm: NTLM is offered nowhere: channelBinding is required, and no listener ends TLS for clients that reach it without a proxy';

  test.each<[string, readonly string[], readonly string[]]>([
    ['nothing: NTLM is off', [account], []],
    ['nothing: on the loopback', [on, account], []],
    ['nothing: over TLS', [required, account, listener(tls)], []],
    ['no TLS', [on, account, listener('proxyProtocol: off')], [relayed]],
    ['no TLS, and a binding is required', [required, account], [nowhere]],
    ['TLS ends at a proxy', [required, account, listener(`${tls}, ${proxy}`)], [nowhere]],
    [
      'every listener is behind proxies',
      [on, account, listener(proxy)],
      [
        'access.signIn.ntlm: NTLM is offered nowhere: every listener has trustedProxies, and none `ntlmBehindProxies: connection-is-not-shared`',
      ],
    ],
    [
      'nothing: the proxies share no connection',
      [on, account, listener(`${proxy}, ntlmBehindProxies: connection-is-not-shared`)],
      [],
    ],
    [
      'no account can use it',
      [on],
      [
        'access.signIn.ntlm: no account can sign in by NTLM: it needs one with `password`; the built-in admin has a hash only',
      ],
    ],
    [
      'one account cannot use it',
      [
        on,
        "accounts: [{ name: mdm, password: { env: X } }, { name: old, passwordHash: 'scrypt$16384$8$1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }]",
      ],
      [
        'accounts[1].passwordHash: this account cannot sign in by NTLM, which needs the password itself: write `password` as a secret reference',
      ],
    ],
  ])('%s', (_, yaml, warnings) => {
    expect(judged(yaml.join('\n'))).toEqual(warnings);
  });
});
