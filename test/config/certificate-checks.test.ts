import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { checkConfig } from '../../src/config/index.js';

function problems(yaml: string): string[] {
  const checked = checkConfig(parse(yaml));
  if (checked.kind === 'valid') return [];
  return checked.problems.map(({ key, problem, mend }) => `${key}: ${problem} -> ${mend}`);
}

const pin = 'ab'.repeat(32);
const listener = (text: string) => `listeners: [{ address: '127.0.0.1:1', ${text} }]`;
const files = 'certificate: a.pem, key: a.key';
const asked = listener(`tls: { ${files}, clientCertificates: request }`);
const lists = (text: string) => `access: { trustLists: { mdm: ${text} } }`;

describe('TLS', () => {
  test.each([
    [
      listener('tls: { certificate: a.pem }'),
      'listeners[0].tls: has a certificate without its key -> add `key: path of the PEM file`',
    ],
    [
      listener('tls: {}'),
      'listeners[0].tls: names no file -> write either `pfx`, or `certificate` and `key`',
    ],
    [
      listener(`tls: { ${files}, pfx: a.pfx }`),
      'listeners[0].tls: names both a PKCS#12 file and PEM files -> write either `pfx`, or `certificate` and `key`',
    ],
    [
      listener(`tls: { ${files}, clientCertificates: require }`),
      'listeners[0].tls.trust: is missing: any certificate would do, also one that the caller made for itself -> name the trust lists that accept it, or write `clientCertificates: request`',
    ],
    [
      `${listener(`tls: { ${files}, trust: [mdm] }`)}\n${lists(`{ pins: ['${pin}'] }`)}`,
      'listeners[0].tls.trust: is never looked at with clientCertificates: none -> write `clientCertificates: require`, or remove it',
    ],
    [
      listener(`tls: { ${files}, clientCertificates: require, trust: [mdm] }`),
      'listeners[0].tls.trust[0]: is "mdm", which is not under access.trustLists -> add the list',
    ],
  ])('%s', (yaml, problem) => {
    expect(problems(yaml)).toEqual([problem]);
  });

  test.each(['TLSv1.1', '1.2', 'SSLv3'])('minVersion %s is none', (version) => {
    const [problem] = problems(listener(`tls: { ${files}, minVersion: '${version}' }`));
    expect(problem).toMatch(/^listeners\[0\]\.tls\.minVersion: /);
  });
});

describe('forwarded certificates', () => {
  const trusted = 'clientAddress: { trustedProxies: [10.0.0.1] }';

  test.each([
    [
      listener('forwardedCertificate: { form: envoy }'),
      'listeners[0].forwardedCertificate: is believed of nobody -> name the proxies under clientAddress.trustedProxies',
    ],
    [
      listener(`${trusted}, forwardedCertificate: { form: envoy, header: X-Cert }`),
      'listeners[0].forwardedCertificate.header: is fixed for the form envoy -> remove it',
    ],
    [
      listener(`${trusted}, proxyProtocol: v2, forwardedCertificate: { form: envoy }`),
      'listeners[0].forwardedCertificate: cannot be believed behind proxyProtocol: a TCP load balancer forwards the headers that clients write -> end TLS here with `tls`, or let the proxy name the client in a header',
    ],
    [
      listener(
        `${trusted}, forwardedCertificate: { form: envoy }, tls: { ${files}, clientCertificates: request }`,
      ),
      'listeners[0].forwardedCertificate: is a second source of the certificate beside clientCertificates: request -> write `require` with `trust` for the certificate of the proxy, or `none`',
    ],
  ])('%s', (yaml, problem) => {
    expect(problems(yaml)).toEqual([problem]);
  });

  test('trusted proxies need no address header beside it', () => {
    expect(
      problems(listener(`${trusted}, forwardedCertificate: { form: escaped-pem, header: X-Cert }`)),
    ).toEqual([]);
  });
});

describe('trust lists', () => {
  test.each([
    [
      lists('{}'),
      'access.trustLists.mdm: trusts nobody -> write `pins`, `ca` files or `issuers` of this gateway',
    ],
    [
      lists('{ ca: [ca.pem] }'),
      'access.trustLists.mdm.crls: is empty: without CRLs no certificate of these CAs would be accepted -> name the files of their CRLs, or write `revocation: off` and mean it',
    ],
    [
      lists('{ ca: [ca.pem], crls: [a.crl], revocation: off }'),
      'access.trustLists.mdm.crls: is never looked at -> remove `revocation: off`',
    ],
    [
      lists(`{ pins: ['${pin}'], crls: [a.crl] }`),
      'access.trustLists.mdm.crls: is never looked at -> name the `ca` they are of, or remove them',
    ],
    [
      lists('{ issuers: [locale] }'),
      'access.trustLists.mdm.issuers[0]: is "locale", which is not under issuers -> write one of: "local"',
    ],
    [
      `access: { trustLists: { MDM: { pins: ['${pin}'] } } }`,
      'access.trustLists.MDM: is not a usable name -> write up to 32 lower-case letters, digits and hyphens, a letter first',
    ],
  ])('%s', (yaml, problem) => {
    expect(problems(`issuers: { local: { kind: local } }\n${yaml}`)).toEqual([problem]);
  });

  test.each(['ab', 'zz'.repeat(32), `${pin}00`, 'AB CD'])('the pin %s is none', (text) => {
    expect(problems(lists(`{ pins: ['${text}'] }`))[0]).toMatch(
      /^access\.trustLists\.mdm\.pins\[0\]: /,
    );
  });

  test('a route that no listener could serve', () => {
    const yaml = `access: { trustLists: { mdm: { pins: ['${pin}'] } }, certificates: { api: [mdm] } }`;
    expect(problems(yaml)).toEqual([
      'access.certificates.api: asks for certificates, but no listener takes one -> write `tls.clientCertificates` or `forwardedCertificate` at a listener',
    ]);
    expect(problems(`${asked}\n${yaml}`)).toEqual([]);
  });

  test('names that are not there', () => {
    const yaml = `
access: { trustLists: { mdm: { pins: ['${pin}'] } }, certificates: { admin: [mmd] } }
profiles: { default: { certificates: [nobody] } }`;
    expect(problems(`${asked}${yaml}`)).toEqual([
      'access.certificates.admin[0]: is "mmd", which is not under access.trustLists -> did you mean "mdm"?',
      'profiles.default.certificates[0]: is "nobody", which is not under access.trustLists -> add the list',
    ]);
  });
});

describe('accounts', () => {
  const account = (binding: string) => `${asked}
access: { trustLists: { staff: { issuers: [local] }, mdm: { pins: ['${pin}'] } } }
accounts: [{ name: anna, certificates: [${binding}] }]`;

  test.each([
    ['{}', ': names no certificate -> write `pin`, or `trust` and `name`'],
    [
      `{ pin: '${pin}', trust: staff }`,
      ': has a pin and more -> write the pin alone, or `trust` and `name`',
    ],
    ['{ name: CN=anna }', ': names no certificate -> write `pin`, or `trust` and `name`'],
    [
      '{ trust: staff }',
      ': lets everybody sign in whom a CA of "staff" gave a certificate -> add `name`, such as `upn:anna@example.org`',
    ],
    [
      '{ trust: stuff, name: CN=anna }',
      '.trust: is "stuff", which is not under access.trustLists -> did you mean "staff"?',
    ],
  ])('%s', (binding, problem) => {
    expect(problems(account(binding))).toEqual([`accounts[0].certificates[0]${problem}`]);
  });

  test.each([
    `{ pin: '${pin}' }`,
    '{ trust: mdm }',
    "{ trust: staff, name: 'upn:anna@example.org' }",
  ])('%s will do, without a password', (binding) => {
    expect(problems(account(binding))).toEqual([]);
  });
});
