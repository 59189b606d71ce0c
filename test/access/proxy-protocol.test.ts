import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createProxyProtocol } from '../../src/access/index.js';
import { parseProxyHeader } from '../../src/access/proxy-protocol/header.js';
import { proxies } from './origins.js';
import { ipv4Addresses, ipv6Addresses, version2 } from './proxy-header.js';

const both = [1, 2] as const;
const http = Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n');

const valid: [string, Buffer, string | undefined][] = [
  ['TCP4', Buffer.from('PROXY TCP4 203.0.113.7 10.0.0.1 51234 443\r\n'), '203.0.113.7'],
  ['TCP6', Buffer.from('PROXY TCP6 2001:DB8::7 2001:db8::1 51234 443\r\n'), '2001:db8::7'],
  ['TCP6, mapped', Buffer.from('PROXY TCP6 ::ffff:203.0.113.7 ::1 0 65535\r\n'), '203.0.113.7'],
  [
    'the longest',
    Buffer.from(`PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`),
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  ],
  ['UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n'), undefined],
  ['UNKNOWN with something', Buffer.from('PROXY UNKNOWN ffff::1 whatever 1 2 3\r\n'), undefined],
  ['version 2, IPv4', version2({}), '203.0.113.7'],
  ['version 2, IPv6', version2({ family: 0x21, rest: ipv6Addresses }), '2001:db8::7'],
  [
    'version 2 with TLVs (AWS endpoint id)',
    version2({ rest: Buffer.concat([ipv4Addresses, Buffer.from('ea0005017670632d', 'hex')]) }),
    '203.0.113.7',
  ],
  ['version 2, LOCAL', version2({ command: 0x20, family: 0, rest: Buffer.alloc(0) }), undefined],
  ['version 2, LOCAL with addresses', version2({ command: 0x20 }), undefined],
  ['version 2, unspecified', version2({ family: 0, rest: Buffer.alloc(0) }), undefined],
  ['version 2, UNIX', version2({ family: 0x31, rest: Buffer.alloc(216) }), undefined],
];

describe('parseProxyHeader', () => {
  test.each(valid)('%s', (_, header, source) => {
    expect(parseProxyHeader(Buffer.concat([header, http]), both)).toEqual({
      kind: 'complete',
      version: header[0] === 0x50 ? 1 : 2,
      length: header.length,
      source,
    });
  });

  test.each(valid)('%s, octet by octet: incomplete until the last', (_, header) => {
    for (let length = 0; length < header.length; length++) {
      expect(parseProxyHeader(header.subarray(0, length), both)).toEqual({ kind: 'incomplete' });
    }
  });

  test.each([
    ['HTTP', http, 'it does not begin with a PROXY header'],
    ['TLS', Buffer.from('160301', 'hex'), 'it does not begin with a PROXY header'],
    ['lower case', Buffer.from('proxy TCP4'), 'it does not begin with a PROXY header'],
    ['no end', Buffer.from(`PROXY TCP4 ${'1'.repeat(200)}`), 'its PROXY line has no end'],
    [
      'an end too late',
      Buffer.from(`PROXY UNKNOWN ${'1'.repeat(100)}\r\n`),
      'its PROXY line has no end',
    ],
    ...[
      'PROXY TCP4 203.0.113.7 10.0.0.1 51234 443 \r\n',
      'PROXY TCP4  203.0.113.7 10.0.0.1 51234 443\r\n',
      'PROXY TCP4 203.0.113.7 10.0.0.1 51234\r\n',
      'PROXY TCP4 203.0.113.7 10.0.0.1 051234 443\r\n',
      'PROXY TCP4 203.0.113.7 10.0.0.1 65536 443\r\n',
      'PROXY TCP4 203.0.113.07 10.0.0.1 1 443\r\n',
      'PROXY TCP4 2001:db8::7 2001:db8::1 1 443\r\n',
      'PROXY TCP4 203.0.113.7 2001:db8::1 1 443\r\n',
      'PROXY TCP6 203.0.113.7 10.0.0.1 1 443\r\n',
      'PROXY TCP6 fe80::1%eth0 ::1 1 443\r\n',
      'PROXY UDP4 203.0.113.7 10.0.0.1 1 443\r\n',
      'PROXY TCP4\t203.0.113.7 10.0.0.1 1 443\r\n',
      'PROXY UNKNOWNX\r\n',
      'PROXY \r\n',
    ].map((line): [string, Buffer, string] => [
      JSON.stringify(line),
      Buffer.from(line),
      'its PROXY line cannot be read',
    ]),
    ['version 3', version2({ command: 0x31 }), 'its PROXY header has no known version and command'],
    ['command 2', version2({ command: 0x22 }), 'its PROXY header has no known version and command'],
    ['UDP', version2({ family: 0x12 }), 'its PROXY header is of no known family'],
    ['family 4', version2({ family: 0x41 }), 'its PROXY header is of no known family'],
    ['too short', version2({ family: 0x21 }), 'its PROXY header is shorter than its addresses'],
    [
      'no addresses',
      version2({ rest: Buffer.alloc(0) }),
      'its PROXY header is shorter than its addresses',
    ],
    ['too long', version2({ length: 4097 }), 'its PROXY header is longer than 4096 octets'],
  ])('%s is refused', (_, octets, reason) => {
    expect(parseProxyHeader(octets, both)).toEqual({ kind: 'invalid', reason });
  });

  test('takes the versions it is told to', () => {
    const line = Buffer.from('PROXY UNKNOWN\r\n');
    expect(parseProxyHeader(line, [2])).toEqual({
      kind: 'invalid',
      reason: 'PROXY version 1 is not taken here',
    });
    expect(parseProxyHeader(version2({}), [1])).toEqual({
      kind: 'invalid',
      reason: 'PROXY version 2 is not taken here',
    });
  });

  test('never throws, never wants more than it said, and a decision stays', () => {
    const anyStart = fc.constantFrom(Buffer.alloc(0), ...valid.map(([, header]) => header));
    fc.assert(
      fc.property(anyStart, fc.nat(300), fc.uint8Array({ maxLength: 40 }), (start, cut, junk) => {
        const octets = Buffer.concat([start.subarray(0, cut), junk]);
        const outcome = parseProxyHeader(octets, both);
        if (outcome.kind === 'incomplete') {
          expect(octets.length).toBeLessThan(16 + 4096);
          return;
        }
        const more = Buffer.concat([octets, Buffer.from('\r\n')]);
        expect(parseProxyHeader(more, both)).toEqual(outcome);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('createProxyProtocol', () => {
  const protocol = createProxyProtocol({ versions: both, trustedProxies: proxies });

  test.each([
    ['10.0.0.5', true],
    ['::ffff:10.0.0.5', true],
    ['10.0.1.5', false],
    [undefined, false],
  ])('expects a header from %s: %s', (remoteAddress, expected) => {
    expect(protocol.expects({ remoteAddress })).toBe(expected);
  });

  test('forgets a connection that ended, not the next one from the same port', () => {
    const peer = { remoteAddress: '10.0.0.5', remotePort: 40_000 };
    const header = { kind: 'complete', version: 1, length: 10, source: undefined } as const;
    const endFirst = protocol.begin(peer, header);
    const next = { ...header };
    const endNext = protocol.begin(peer, next);
    endFirst();
    expect(protocol.headerOf(peer)).toBe(next);
    endNext();
    expect(protocol.headerOf(peer)).toBeUndefined();
  });
});
