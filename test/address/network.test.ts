import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createNetworkSet,
  parseIpAddress,
  parseNetwork,
  subscriberOf,
  type IpAddress,
  type Network,
} from '../../src/address/index.js';
import { addressBits } from '../../src/address/ip-address.js';

describe('parseIpAddress', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8::1:443', '2001:db8::1:443'],
    ['::', '::'],
    ['::1', '::1'],
  ])('%s is %s', (text, address) => expect(parseIpAddress(text)).toBe(address));

  test.each([
    '',
    ' 192.0.2.1',
    '192.0.2.1 ',
    '066.208.14.206',
    '192.0.2.01',
    '0x36d00ece',
    '0x36.208.14.206',
    '2130706433',
    '127.1',
    '1.2.3',
    '1.2.3.4.5',
    '256.0.0.1',
    'fe80::1%eth0',
    '[2001:db8::1]',
    '192.0.2.1:80',
    '１.2.3.4',
    'localhost',
    'unknown',
    '_hidden',
    '192.0.2.1/32',
  ])('%j is no address', (text) => expect(parseIpAddress(text)).toBeUndefined());

  test('any two spellings of an address come out as one', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const address = parseIpAddress(text);
        if (address === undefined) throw new Error(text);
        expect(parseIpAddress(address)).toBe(address);
        expect(parseIpAddress(text.toUpperCase())).toBe(address);
      }),
    );
  });
});

test('a subscriber is an IPv4 address or 64 bits of IPv6', () => {
  expect(subscriberOf(address('192.0.2.1'))).toBe('192.0.2.1');
  expect(subscriberOf(address('2001:db8:1:2::1'))).toBe(
    subscriberOf(address('2001:db8:1:2:ffff::')),
  );
  expect(subscriberOf(address('2001:db8:1:2::1'))).not.toBe(
    subscriberOf(address('2001:db8:1:3::1')),
  );
});

describe('parseNetwork', () => {
  test.each([
    ['192.0.2.0/24', '192.0.2.0/24'],
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['::/0', '::/0'],
  ])('%s is %s', (text, expected) => expect(network(text).text).toBe(expected));

  test.each([
    ['10.0.0.5/8', 'has bits beyond its prefix of 8'],
    ['2001:db8::1/64', 'has bits beyond its prefix of 64'],
    ['10.0.0.0/33', 'has no usable prefix length'],
    ['2001:db8::/129', 'has no usable prefix length'],
    ['10.0.0.0/08', 'has no usable prefix length'],
    ['10.0.0.0/', 'has no usable prefix length'],
    ['10.0.0.0/8/8', 'has no usable prefix length'],
    ['10.0.0.0/255.0.0.0', 'has no usable prefix length'],
    ['::ffff:10.0.0.0/104', 'is an IPv4 network in IPv6 clothes'],
    ['10/8', 'is no IP address'],
    ['', 'is no IP address'],
  ])('%s %s', (text, reason) =>
    expect(parseNetwork(text)).toMatchObject({ kind: 'refused', reason }),
  );
});

describe('createNetworkSet', () => {
  test('an address of one family lies in no network of the other', () => {
    const everyV6 = createNetworkSet([network('::/0')]);
    const everyV4 = createNetworkSet([network('0.0.0.0/0')]);
    expect([everyV6.has(address('192.0.2.1')), everyV6.has(address('::1'))]).toEqual([false, true]);
    expect([everyV4.has(address('192.0.2.1')), everyV4.has(address('::1'))]).toEqual([true, false]);
  });

  test('says what arithmetic says', () => {
    const anyAddress = fc.oneof(fc.ipV4(), fc.ipV6()).map((text) => address(text));
    fc.assert(
      fc.property(anyAddress, anyAddress, fc.nat(128), (base, other, length) => {
        const bits = base.includes(':') ? 128 : 32;
        const prefix = Math.min(length, bits);
        const rest = BigInt(bits - prefix);
        const first = (addressBits(base) >> rest) << rest;
        const set = createNetworkSet([network(`${spelled(first, bits)}/${prefix}`)]);
        const inside = (candidate: IpAddress) =>
          candidate.includes(':') === (bits === 128) &&
          addressBits(candidate) >> rest === first >> rest;
        expect(set.has(base)).toBe(true);
        expect(set.has(other)).toBe(inside(other));
        const neighbour = addressBits(base) ^ (1n << rest);
        if (neighbour >> BigInt(bits) === 0n) {
          const outside = address(spelled(neighbour, bits));
          expect(set.has(outside)).toBe(inside(outside));
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** Mapped addresses fold to IPv4, so IPv6 is spelled outside of them by construction of the test. */
function spelled(bits: bigint, width: number): string {
  const size = width === 128 ? 16n : 8n;
  const count = width === 128 ? 8 : 4;
  const parts = Array.from(
    { length: count },
    (_, index) => (bits >> (size * BigInt(count - 1 - index))) & ((1n << size) - 1n),
  );
  return parts
    .map((part) => part.toString(width === 128 ? 16 : 10))
    .join(width === 128 ? ':' : '.');
}

function address(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  if (parsed === undefined) throw new RangeError(text);
  return parsed;
}

function network(text: string): Network {
  const outcome = parseNetwork(text);
  if (outcome.kind !== 'network') throw new RangeError(outcome.reason);
  return outcome.network;
}
