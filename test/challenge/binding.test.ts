import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bindingMismatch, requireUsable } from '../../src/challenge/binding.js';
import { use } from './orders.js';

describe('bindingMismatch', () => {
  test('nothing named, nothing bound', () => {
    expect(bindingMismatch({}, use('t'))).toBeUndefined();
  });

  test.each([
    ['profile', { profile: 'default' }],
    ['subject', { subject: 'CN=device-1,O=Example' }],
    ['subject in another case', { subject: 'cn=DEVICE-1,o=example' }],
    ['subject with blanks', { subject: ' CN = device-1 , O=Example ' }],
    ['SAN', { san: ['dns:device-1.example.com'] }],
    ['one SAN of several', { san: ['ip:192.0.2.1', 'DNS:Device-1.Example.com.'] }],
    ['key', { key: 'AB'.repeat(32) }],
    ['key in pairs', { key: Array.from({ length: 32 }, () => 'AB').join(':') }],
    ['address', { requester: '192.0.2.7' }],
    ['CIDR', { requester: '192.0.2.0/24' }],
    ['everyone', { requester: '0.0.0.0/0' }],
    ['device in the subject', { device: ['DEVICE-1'] }],
    ['device in the host name', { device: ['other', 'device-1.example.com'] }],
    ['device beside a SID', { device: ['device-1'], sid: 'S-1-5-21-1-2-3-500' }],
    ['mapped CIDR', { requester: '::ffff:192.0.2.7' }],
  ])('fits: %s', (_name, binding) => {
    expect(bindingMismatch(binding, use('t'))).toBeUndefined();
  });

  test.each([
    ['profile', { profile: 'wifi' }, 'bound to profile wifi, used in default'],
    [
      'subject',
      { subject: 'CN=device-1' },
      'bound to subject CN=device-1, used for CN=device-1,O=Example',
    ],
    [
      'SAN',
      { san: ['dns:device-2.example.com'] },
      'dns:device-1.example.com is not among the SANs it is bound to',
    ],
    [
      'SAN of another kind',
      { san: ['upn:device-1.example.com'] },
      'dns:device-1.example.com is not among the SANs it is bound to',
    ],
    [
      'no SAN allowed',
      { san: [] },
      'dns:device-1.example.com is not among the SANs it is bound to',
    ],
    [
      'key',
      { key: 'cd'.repeat(32) },
      `bound to key ${'cd'.repeat(32)}, used for ${'ab'.repeat(32)}`,
    ],
    ['address', { requester: '192.0.2.8' }, 'bound to requester 192.0.2.8, used from 192.0.2.7'],
    ['CIDR', { requester: '192.0.2.8/29' }, 'bound to requester 192.0.2.8/29, used from 192.0.2.7'],
    ['IPv6 CIDR', { requester: '::/0' }, 'bound to requester ::/0, used from 192.0.2.7'],
    [
      'device',
      { device: ['device-2', '5E0D'] },
      'bound to device device-2 or 5E0D, used for CN=device-1,O=Example',
    ],
    [
      'part of the name of a device',
      { device: ['device'] },
      'bound to device device, used for CN=device-1,O=Example',
    ],
    ['nonsense', { requester: 'all' }, 'bound to requester all, used from 192.0.2.7'],
    ['nothing', { requester: '' }, 'bound to requester , used from 192.0.2.7'],
    [
      'the second of two',
      { profile: 'default', requester: '10.0.0.0/8' },
      'bound to requester 10.0.0.0/8, used from 192.0.2.7',
    ],
  ])('does not fit: %s', (_name, binding, detail) => {
    expect(bindingMismatch(binding, use('t'))).toBe(detail);
  });

  test('every SAN of the request must be listed', () => {
    const asked = use('t', { san: ['dns:a.example', 'dns:b.example'] });
    expect(bindingMismatch({ san: ['dns:a.example', 'dns:b.example'] }, asked)).toBeUndefined();
    expect(bindingMismatch({ san: ['dns:a.example'] }, asked)).toBe(
      'dns:b.example is not among the SANs it is bound to',
    );
  });

  test('a request without SAN does not fit a challenge bound to one', () => {
    expect(bindingMismatch({ san: ['dns:a.example'] }, use('t', { san: [] }))).toBe(
      'bound to dns:a.example, used without SAN',
    );
    expect(bindingMismatch({ san: [] }, use('t', { san: [] }))).toBeUndefined();
  });

  test.each([
    ['2001:db8::/32', '2001:db8:0:1::9', true],
    ['2001:db8::/32', '2001:db9::9', false],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['192.0.2.0/24', '::ffff:192.0.2.200', true],
    ['192.0.2.0/24', '::ffff:192.0.3.200', false],
    ['192.0.2.0/24', '::FFFF:C000:0207', true],
    ['::/0', '192.0.2.1', false],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['192.0.2.0/33', '192.0.2.1', false],
    ['192.0.2.0/', '192.0.2.1', false],
    ['192.0.2.0/-1', '192.0.2.1', false],
    ['192.0.2.0/24/8', '192.0.2.1', false],
    ['192.0.2.0/24', 'unknown', false],
  ])('requester %s and %s: %s', (requester, address, fits) => {
    expect(bindingMismatch({ requester }, use('t', { address })) === undefined).toBe(fits);
  });

  test('an IPv6 SAN has one spelling', () => {
    const asked = use('t', { san: ['ip:2001:db8::1'] });
    expect(bindingMismatch({ san: ['ip:2001:0DB8:0:0::0001'] }, asked)).toBeUndefined();
  });

  test('the case of a URI counts', () => {
    const asked = use('t', { san: ['uri:https://a.example/Device'] });
    expect(bindingMismatch({ san: ['uri:https://a.example/device'] }, asked)).toBeDefined();
  });

  test('a blank behind an escaped comma belongs to the name', () => {
    const asked = use('t', { subject: 'CN=Doe\\, Jane' });
    expect(bindingMismatch({ subject: 'CN=Doe\\,Jane' }, asked)).toBeDefined();
    expect(bindingMismatch({ subject: 'CN=Doe\\, Jane' }, asked)).toBeUndefined();
  });

  test('property: a subject fits itself re-cased and re-spaced, and no other', () => {
    const value = fc.stringMatching(/^[a-z0-9.-]{1,12}$/);
    const name = fc.array(fc.tuple(fc.constantFrom('CN', 'O', 'OU'), value), {
      minLength: 1,
      maxLength: 4,
    });
    const text = (pairs: [string, string][], join = ',', equals = '=') =>
      pairs.map(([type, content]) => `${type}${equals}${content}`).join(join);
    fc.assert(
      fc.property(name, name, (one, other) => {
        const asked = use('t', { subject: text(one) });
        const spaced = text(one, ' ,  ', ' = ').toUpperCase();
        expect(bindingMismatch({ subject: spaced }, asked)).toBeUndefined();
        expect(bindingMismatch({ subject: text(other) }, asked) === undefined).toBe(
          text(one) === text(other),
        );
      }),
    );
  });
});

describe('requireUsable', () => {
  test('passes what can fit', () => {
    const binding = {
      requester: '2001:db8::/32',
      key: 'AB'.repeat(32),
      san: ['UPN:a@b', 'ip:::1'],
    };
    expect(() => requireUsable(binding)).not.toThrow();
  });

  test.each([
    [
      { requester: 'phone.example.com' },
      'No challenge can be bound like this: "phone.example.com" is neither an address nor a CIDR such as 192.0.2.0/24.',
    ],
    [
      { key: 'abc' },
      'No challenge can be bound like this: The key is given as the SHA-256 of its SubjectPublicKeyInfo, 64 hex digits.',
    ],
    [
      { san: ['dns:a.example', 'b.example'] },
      'No challenge can be bound like this: "b.example" does not say its kind: dns:host, email:a@b, upn:u@d, uri:…, ip:….',
    ],
  ])('refuses %j', (binding, message) => {
    expect(() => requireUsable(binding)).toThrow(
      expect.objectContaining({ code: 'challenge.binding', message }),
    );
  });
});
