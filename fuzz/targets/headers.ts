/** Headers that say who is calling, and the PROXY protocol: what proxies and whoever pretends to be one send. */
import { originOf, type AddressSource } from '../../src/access/index.js';
import { parseProxyHeader } from '../../src/access/proxy-protocol/header.js';
import { readBasicCredentials } from '../../src/access/basic-credentials.js';
import { readNtlmCredentials } from '../../src/access/ntlm/credentials.js';
import { parseIpAddress, parseNetwork } from '../../src/address/index.js';
import { createNtlmClient } from '../../src/ntlm/index.js';
import { offeredSchemes } from '../../src/web-client/index.js';
import { z } from 'zod';
import { readFileSync } from 'node:fs';
import { addressOf, proxies, rulesOf } from '../../test/access/origins.js';
import { forms, forwarded } from '../../test/access/client-certificate/forwarded.js';
import { ipv4Addresses, ipv6Addresses, version2 } from '../../test/access/proxy-header.js';
import { mutateOctets } from '../mutators/octets.js';
import { textMutator } from '../mutators/text.js';
import { agree, type Target } from '../target.js';

/** Node joins no line breaks into a header; longer ones than all headers together never come. */
const mostOctets = 64 * 1024;

const addresses = [
  ...['192.0.2.1', '10.0.0.5', '10.0.0.7:443', '[2001:db8::1]:443', '2001:db8:ffff::1', 'unknown'],
  ...['_hidden', '::ffff:10.0.0.9', 'fe80::1%eth0', '066.208.14.206', '0x7f.1', '[', ']', '"'],
];

function hops(source: AddressSource, name: string, examples: readonly string[]): Target {
  return {
    name: name.toLowerCase(),
    about: `the client's address in ${name}`,
    prepare: () => ({
      seeds: examples.map((text) => Buffer.from(text)),
      mutate: textMutator([...addresses, 'for=', 'by=', 'proto=https', ';', ',']),
      mostOctets,
      refuses: [],
      run: (input) => {
        // Two lines now and then, as two proxies would write them.
        const lines = input.toString('latin1').split('\n');
        const origin = originOf(
          { trustedProxies: proxies, source, requiredHeaders: [] },
          {
            peer: addressOf('10.0.0.5'),
            rawHeaders: lines.flatMap((line) => [name, line]),
            proxyHeader: undefined,
          },
        );
        agree('a canonical address', parseIpAddress(origin.address), origin.address);
        // Hop by hop nobody is ever taken for a client who is one of our proxies.
        if (origin.kind === 'determined' && source.kind !== 'header')
          agree('proxy', proxies.match(addressOf(origin.address)), undefined);
        return origin.kind;
      },
    }),
  };
}

const headerRows = z.array(
  z.object({
    form: z.string(),
    headers: z.array(z.tuple([z.string(), z.string()])),
  }),
);

export const targets: readonly Target[] = [
  hops({ kind: 'x-forwarded-for' }, 'X-Forwarded-For', [
    '192.0.2.1',
    '192.0.2.1, 10.0.0.7, 10.0.0.9',
    'unknown, [2001:db8::1]:443\n10.0.0.7:1234',
  ]),
  hops({ kind: 'forwarded' }, 'Forwarded', [
    'for=192.0.2.1;proto=https;by=10.0.0.5',
    'for="[2001:db8::1]:443", for=_hidden;by="a\\"b", for=10.0.0.7',
    'for=192.0.2.60\nFor="10.0.0.9:80"',
  ]),
  hops({ kind: 'header', name: 'x-real-ip' }, 'X-Real-IP', ['192.0.2.1', '[2001:db8::1]:443']),
  {
    name: 'client-certificate-headers',
    about: 'certificates that proxies forward, in all forms',
    prepare: () => {
      const rows = headerRows.parse(
        JSON.parse(readFileSync('fixtures/client-certificates/headers.json', 'utf8')),
      );
      return {
        seeds: rows.map(({ headers }) =>
          Buffer.from(headers.map(([n, v]) => `${n}: ${v}`).join('\n')),
        ),
        mutate: textMutator([
          ...[
            'Client-Cert: ',
            'X-SSL-Client-Cert: ',
            'Hash=',
            'Cert="',
            'Chain="',
            ';',
            '%20',
            '%0A',
          ],
          ...[
            '-----BEGIN%20CERTIFICATE-----',
            '-----END%20CERTIFICATE-----',
            ':',
            '=',
            ',',
            '"\\"',
          ],
        ]),
        mostOctets,
        refuses: [],
        run: (input) => {
          const headers = input
            .toString('latin1')
            .split('\n')
            .flatMap((line) => {
              const colon = line.indexOf(':');
              return [line.slice(0, Math.max(colon, 0)).trim(), line.slice(colon + 1).trim()];
            });
          return forms.map((form) => forwarded(form, headers).kind).join(' ');
        },
      };
    },
  },
  {
    name: 'proxy-protocol',
    about: 'the first octets of a connection, PROXY versions 1 and 2',
    prepare: () => ({
      seeds: [
        Buffer.from('PROXY TCP4 203.0.113.7 10.0.0.1 51234 443\r\nGET / HTTP/1.1\r\n'),
        Buffer.from('PROXY TCP6 2001:db8::7 2001:db8::1 51234 443\r\n'),
        Buffer.from('PROXY UNKNOWN\r\n'),
        version2({ rest: ipv4Addresses }),
        version2({
          family: 0x21,
          rest: Buffer.concat([ipv6Addresses, Buffer.from('0300040000', 'hex')]),
        }),
        version2({ command: 0x20 }),
      ],
      mutate: mutateOctets,
      refuses: [],
      run: (input) => {
        const outcome = parseProxyHeader(input, [1, 2]);
        if (outcome.kind === 'complete') {
          agree('length', outcome.length <= input.length, true);
          agree('address', outcome.source && parseIpAddress(outcome.source), outcome.source);
          // It is complete without what follows, and incomplete with less.
          const whole = parseProxyHeader(input.subarray(0, outcome.length), [1, 2]);
          agree('the header alone', whole, outcome);
          const less = parseProxyHeader(input.subarray(0, outcome.length - 1), [1, 2]);
          agree('less than the header', less.kind, 'incomplete');
        }
        if (outcome.kind === 'incomplete' && input.length > 4200) throw new Error('wants too much');
        return outcome.kind;
      },
    }),
  },
  {
    name: 'authorization',
    about: 'Authorization: Basic, NTLM, Negotiate',
    prepare: () => {
      const negotiate = createNtlmClient({ user: 'u', domain: 'd', password: 'p' }).negotiate();
      return {
        seeds: [
          Buffer.from(`Basic ${Buffer.from('admin:pässword').toString('base64')}`),
          Buffer.from(`NTLM ${negotiate.toString('base64')}`),
          Buffer.from(`Negotiate ${negotiate.toString('base64')}`),
          Buffer.from('Bearer sgw_0123456789'),
        ],
        mutate: textMutator(['Basic', 'NTLM ', 'negotiate ', 'YII', 'TlRMTVNTUAAB', '=', ':', '/']),
        mostOctets,
        refuses: [],
        run: (input) => {
          const text = input.toString('latin1');
          const basic = readBasicCredentials(text);
          const ntlm = readNtlmCredentials(text);
          agree('one scheme', basic !== undefined && ntlm !== undefined, false);
          const read = basic ?? ntlm;
          return typeof read === 'string' ? read : read === undefined ? 'other' : 'read';
        },
      };
    },
  },
  {
    name: 'www-authenticate',
    about: 'what a server behind us offers',
    prepare: () => ({
      seeds: [
        Buffer.from('Negotiate, NTLM, Basic realm="a, b", Digest nonce="x\\"", NTLM TlRMTVNTUAAC'),
        Buffer.from('Bearer'),
      ],
      mutate: textMutator(['Negotiate', 'NTLM ', 'Basic', 'realm="', '"', '\\', ',', '=']),
      mostOctets,
      refuses: [],
      run: (input) => {
        const value = input.toString('latin1');
        const found = offeredSchemes(['WWW-Authenticate', value, 'X', value]);
        if (found.length > 16) throw new Error('too many schemes');
        return `${Math.min(found.length, 3)} schemes`;
      },
    }),
  },
  {
    name: 'network',
    about: 'addresses and networks as settings write them',
    prepare: () => ({
      seeds: ['192.0.2.0/24', '2001:db8::/32', '::ffff:192.0.2.1', '192.0.2.7'].map((text) =>
        Buffer.from(text),
      ),
      mutate: textMutator([...addresses, '/0', '/33', '/129', '::', '.']),
      mostOctets: 512,
      refuses: [],
      run: (input) => {
        const outcome = parseNetwork(input.toString());
        if (outcome.kind === 'refused') return outcome.kind;
        const again = parseNetwork(outcome.network.text);
        agree(
          'written and read',
          again.kind === 'network' && again.network.text,
          outcome.network.text,
        );
        const own = rulesOf(outcome.network.text).match(addressOf(outcome.network.address));
        agree('its own address', own !== undefined, true);
        return outcome.network.family;
      },
    }),
  },
];
