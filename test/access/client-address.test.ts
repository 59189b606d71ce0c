import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { socketPeerAddress } from '../../src/access/index.js';
import { arrival, originThrough } from './origins.js';

const xff = { kind: 'x-forwarded-for' } as const;
const forwarded = { kind: 'forwarded' } as const;
const azure = { kind: 'header', name: 'x-azure-clientip' } as const;

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:192.0.2.1', '192.0.2.1'],
  ['2001:db8::1', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  [undefined, '0.0.0.0'],
])('the peer %s is %s, whatever the headers say', (remoteAddress, address) => {
  const request = arrival(remoteAddress, ['X-Forwarded-For', '203.0.113.9']);
  expect(socketPeerAddress(request)).toEqual({
    kind: 'determined',
    address,
    steps: [`the peer is ${address}; no header is read`],
  });
});

describe('one element, as each proxy writes it', () => {
  test.each([
    ['App Proxy, nginx, ALB', '203.0.113.7', '203.0.113.7'],
    ['Application Gateway, App Service', '203.0.113.7:51234', '203.0.113.7'],
    ['IPv6', '2001:db8::1', '2001:db8::1'],
    ['IPv6 in brackets', '[2001:db8::1]', '2001:db8::1'],
    ['IPv6 in brackets with a port', '[2001:db8::1]:443', '2001:db8::1'],
    ['no port is guessed', '2001:db8::1:443', '2001:db8::1:443'],
    ['mapped', '::ffff:203.0.113.7', '203.0.113.7'],
    ['mapped, in brackets with a port', '[::ffff:cb00:7107]:80', '203.0.113.7'],
    ['blanks and tabs', ' \t203.0.113.7\t ', '203.0.113.7'],
    ['upper case', '2001:DB8::A', '2001:db8::a'],
  ])('%s: %j', (_, element, address) => {
    expect(originThrough(xff, ['X-Forwarded-For', element])).toMatchObject({
      kind: 'determined',
      address,
    });
    expect(originThrough(forwarded, ['Forwarded', `for="${element}"`])).toMatchObject({ address });
    expect(originThrough(azure, ['X-Azure-ClientIP', element])).toMatchObject({ address });
  });

  test.each([
    ['octal, 54.208.14.206 to some', '066.208.14.206', 'is no IP address'],
    ['leading zero', '203.0.113.07', 'is no IP address'],
    ['hexadecimal', '0x36d00ece', 'is no IP address'],
    ['hexadecimal octet', '0x36.208.14.206', 'is no IP address'],
    ['integer', '2130706433', 'is no IP address'],
    ['short', '127.1', 'is no IP address'],
    ['zone', 'fe80::1%eth0', 'has a zone id, or is encoded'],
    ['zone in brackets', '[fe80::1%25eth0]', 'has a zone id, or is encoded'],
    ['unknown', 'unknown', 'hides the address'],
    ['UNKNOWN', 'UNKNOWN', 'hides the address'],
    ['obfuscated', '_hidden', 'is an obfuscated name'],
    ['nothing', '', 'is empty'],
    ['blanks', ' \t ', 'is empty'],
    ['a name', 'localhost', 'is no IP address'],
    ['a port too large', '203.0.113.7:65536', 'is no IP address'],
    ['no port', '203.0.113.7:', 'is no IP address'],
    ['an obfuscated port', '203.0.113.7:_x', 'is no IP address'],
    ['IPv4 in brackets', '[203.0.113.7]', 'is no IP address'],
    ['something after the brackets', '[2001:db8::1]x', 'is no IP address'],
    ['half a bracket', '[2001:db8::1', 'is no IP address'],
    ['another line break', '203.0.113.7\u0085', 'is no IP address'],
    ['a no-break space', '\u00a0203.0.113.7', 'is no IP address'],
  ])('%s: %j is refused, not skipped', (_, element, reason) => {
    const behind = originThrough(xff, ['X-Forwarded-For', `198.51.100.9, ${element}`]);
    expect(behind).toMatchObject({ kind: 'undetermined', address: '10.0.0.5' });
    expect(behind.steps.at(-1)).toContain(reason);
    expect(originThrough(azure, ['X-Azure-ClientIP', element]).kind).toBe('undetermined');
  });
});

describe('X-Forwarded-For', () => {
  test.each([
    ['what the client sent before the proxies counts for nothing', ['203.0.113.66, 203.0.113.7']],
    ['not even when it is no address', ['unknown, ,;"x, 203.0.113.7']],
    ['past our own proxies', ['203.0.113.66, 203.0.113.7, 10.0.0.9, 10.0.0.8:443']],
    ['several lines are one list', ['203.0.113.66', '203.0.113.7', '10.0.0.9']],
    ['an inner proxy may speak IPv6', ['203.0.113.7, [2001:db8:ffff::1]:443']],
  ])('%s', (_, lines) => {
    const rawHeaders = lines.flatMap((line) => ['x-forwarded-FOR', line]);
    expect(originThrough(xff, rawHeaders)).toMatchObject({
      kind: 'determined',
      address: '203.0.113.7',
    });
  });

  test('is not read from a stranger', () => {
    const origin = originThrough(xff, ['X-Forwarded-For', '203.0.113.7'], { peer: '10.0.1.5' });
    expect(origin).toEqual({
      kind: 'determined',
      address: '10.0.1.5',
      steps: [
        'the peer 10.0.1.5 is no trusted proxy: it is the client, whatever it says of others',
      ],
    });
  });

  test('tells each step', () => {
    const line = '203.0.113.66, 203.0.113.7, 10.0.0.9:443';
    expect(originThrough(xff, ['X-Forwarded-For', line]).steps).toEqual([
      'the peer 10.0.0.5 is a trusted proxy: 10.0.0.0/24',
      'x-forwarded-for names 10.0.0.9, a trusted proxy: 10.0.0.0/24',
      'x-forwarded-for names 203.0.113.7, the nearest that is no trusted proxy',
    ]);
  });

  test.each([
    ['absent', [], 'there is no header x-forwarded-for'],
    [
      'all of them proxies',
      ['10.0.0.8, 10.0.0.9'],
      'every address in x-forwarded-for is a trusted proxy; none is the client',
    ],
    ['a comma at the end', ['203.0.113.7,'], 'x-forwarded-for: "" is empty'],
    ['an empty last line', ['203.0.113.7', ''], 'x-forwarded-for: "" is empty'],
    [
      'more proxies than anybody has',
      [Array(40).fill('10.0.0.8').join()],
      'x-forwarded-for names more than 32 proxies',
    ],
    [
      'long and unprintable',
      [`\u001b${'x'.repeat(200_000)}`],
      `x-forwarded-for: "?${'x'.repeat(79)}" is no IP address`,
    ],
  ])('%s: nobody is named', (_, lines, step) => {
    const origin = originThrough(
      xff,
      lines.flatMap((line) => ['X-Forwarded-For', line]),
    );
    expect(origin).toMatchObject({ kind: 'undetermined', address: '10.0.0.5' });
    expect(origin.steps.at(-1)).toBe(step);
  });

  test('is not believed when the listener believes another header', () => {
    const headers = ['X-Forwarded-For', '203.0.113.7', 'X-Azure-ClientIP', '198.51.100.9'];
    expect(originThrough(azure, headers).address).toBe('198.51.100.9');
    expect(originThrough(forwarded, headers).kind).toBe('undetermined');
  });
});

describe('Forwarded (RFC 7239)', () => {
  test.each([
    ['a port in quotes', ['for="203.0.113.7:4711"']],
    ['a port without quotes', ['for=203.0.113.7:4711']],
    ['any letter case, other parameters', ['By=_proxy;FOR=203.0.113.7;Proto=https;host="a,b;c"']],
    ['blanks round the separators', ['for=1.2.3.4 ,\tfor=203.0.113.7 ; proto=http , for=10.0.0.9']],
    ['escaped characters', ['for="203.0.113\\.7"']],
    ['the nearest line first', ['for=203.0.113.66', 'for=203.0.113.7', 'for="10.0.0.9"']],
    ['a line of ours after a broken one', ['for="', 'for=203.0.113.7']],
    ['a quoted comma is no hop', ['for=203.0.113.7;by="x, for=203.0.113.66"']],
    ['IPv6 without quotes', ['for=203.0.113.7, for=[2001:db8:ffff::1]:1']],
  ])('%s', (_, lines) => {
    const rawHeaders = lines.flatMap((line) => ['Forwarded', line]);
    expect(originThrough(forwarded, rawHeaders)).toMatchObject({
      kind: 'determined',
      address: '203.0.113.7',
    });
  });

  test.each([
    [
      'a quote the client left open before our proxy appended',
      'for=203.0.113.66, x=", for="203.0.113.7"',
    ],
    ['an open quote', 'for="203.0.113.7'],
    ['a hop that does not say for whom', 'for=203.0.113.7, by=10.0.0.5'],
    ['two for= in one hop', 'for=203.0.113.7;for=203.0.113.66'],
    ['an address without a name', '203.0.113.7'],
    ['blanks round the equals sign', 'for = 203.0.113.7'],
    ['unknown', 'for=unknown'],
    ['obfuscated', 'for="_gazonk"'],
    ['nothing', ''],
    ['longer than anybody needs', `for=203.0.113.7;x=${'y'.repeat(9000)}`],
  ])('%s: nobody is named', (_, line) => {
    expect(originThrough(forwarded, ['Forwarded', line])).toMatchObject({
      kind: 'undetermined',
      address: '10.0.0.5',
    });
  });
});

describe('a header of one address', () => {
  test('twice is not once', () => {
    const origin = originThrough(azure, [
      'X-Azure-ClientIP',
      '203.0.113.7',
      'x-azure-clientip',
      '203.0.113.7',
    ]);
    expect(origin.kind).toBe('undetermined');
    expect(origin.steps.at(-1)).toBe('the header x-azure-clientip came 2 times');
  });

  test('a list is no address', () => {
    const origin = originThrough(azure, ['X-Azure-ClientIP', '203.0.113.7, 203.0.113.8']);
    expect(origin.kind).toBe('undetermined');
  });
});

describe('required headers', () => {
  const requiredHeaders = [{ name: 'X-MS-Proxy', value: 'AzureAD-Application-Proxy' }];
  const client = ['X-Forwarded-For', '203.0.113.7'];

  test.each([
    ['there', ['x-ms-PROXY', 'AzureAD-Application-Proxy'], 'determined', undefined],
    ['missing', [], 'undetermined', 'the required header X-MS-Proxy is missing'],
    [
      'other',
      ['X-MS-Proxy', 'other'],
      'undetermined',
      'the required header X-MS-Proxy has another value',
    ],
    [
      'repeated',
      ['X-MS-Proxy', 'AzureAD-Application-Proxy', 'X-MS-Proxy', 'AzureAD-Application-Proxy'],
      'undetermined',
      'the required header X-MS-Proxy came 2 times',
    ],
  ])('%s', (_, marker, kind, step) => {
    const origin = originThrough(xff, [...client, ...marker], { requiredHeaders });
    expect(origin.kind).toBe(kind);
    if (step !== undefined) expect(origin.steps.at(-1)).toBe(step);
  });

  test('never stand in for the peer', () => {
    const headers = [...client, 'X-MS-Proxy', 'AzureAD-Application-Proxy'];
    const origin = originThrough(xff, headers, { peer: '192.0.2.1', requiredHeaders });
    expect(origin).toMatchObject({ kind: 'determined', address: '192.0.2.1' });
  });
});

test('the request of a real App Proxy', () => {
  // As an echo server saw it (Philipp Ritter's "Echo", MIT), the masked address filled in.
  const rawHeaders = [
    ['Accept-Encoding', 'gzip, deflate, br'],
    ['Connection', 'Keep-Alive'],
    ['Front-End-Https', 'on'],
    ['X-Forwarded-For', '194.0.2.77'],
    ['X-Ms-Proxy', 'AzureAD-Application-Proxy'],
    ['Host', 'echo.example:8090'],
  ].flat();
  const requiredHeaders = [{ name: 'X-MS-Proxy', value: 'AzureAD-Application-Proxy' }];
  expect(originThrough(xff, rawHeaders, { requiredHeaders })).toMatchObject({
    kind: 'determined',
    address: '194.0.2.77',
  });
});

describe('whatever is sent', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc
      .array(
        fc.constantFrom('for=', '"', ',', ';', '\\', '[', ']', ':', '10.0.0.9', '2001:db8::1', ' '),
        { maxLength: 20 },
      )
      .map((parts) => parts.join('')),
  );

  test('nothing throws, and what a proxy of ours appended decides', () => {
    fc.assert(
      fc.property(anyText, (sent) => {
        for (const source of [xff, forwarded, azure]) {
          const name = source.kind === 'header' ? source.name : source.kind;
          expect(['determined', 'undetermined']).toContain(
            originThrough(source, [name, sent]).kind,
          );
        }
        const appended = originThrough(xff, ['X-Forwarded-For', `${sent}, 203.0.113.7`]);
        expect(appended.address).toBe('203.0.113.7');
        const line = originThrough(forwarded, ['Forwarded', sent, 'Forwarded', 'for=203.0.113.7']);
        expect(line.address).toBe('203.0.113.7');
        const joined = originThrough(forwarded, ['Forwarded', `${sent}, for="203.0.113.7:1"`]);
        expect(joined.kind === 'undetermined' || joined.address === '203.0.113.7').toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
