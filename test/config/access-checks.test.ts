import { describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { checkConfig, loadConfig } from '../../src/config/index.js';

function problems(yaml: string): string[] {
  const checked = checkConfig(parse(yaml));
  if (checked.kind === 'valid') return [];
  return checked.problems.map(({ key, problem, mend }) => `${key}: ${problem} -> ${mend}`);
}

const listener = (text: string) => `listeners: [{ address: '127.0.0.1:1', ${text} }]`;

describe('access', () => {
  test.each([
    [
      'access: { allow: { admin: [10.0.0.5/8] } }',
      'access.allow.admin[0]: is "10.0.0.5/8", which has bits beyond its prefix of 8 -> write the first address of the network, or a longer prefix',
    ],
    [
      'access: { allow: { api: [010.0.0.1] } }',
      'access.allow.api[0]: is "010.0.0.1", which is no IP address -> write an address, or a network such as `192.0.2.0/24`',
    ],
    [
      'access: { lists: { jamf-cloud: { file: x } }, allow: { publications: [jamf-clod] } }',
      'access.allow.publications[0]: is "jamf-clod", which is no address and not under access.lists -> did you mean "jamf-cloud"?',
    ],
    [
      'profiles: { default: { allow: [office] } }',
      'profiles.default.allow[0]: is "office", which is no address and not under access.lists -> write an address, a network such as `192.0.2.0/24`, or add the list',
    ],
    [
      'access: { allow: { admin: [] } }',
      'access.allow.admin: is an empty list -> write at least one entry',
    ],
    [
      'access: { lists: { Jamf: { file: x } } }',
      'access.lists.Jamf: is not a usable name -> write up to 32 lower-case letters, digits and hyphens, a letter first',
    ],
    [
      listener('clientAddress: { trustedProxies: [0.0.0.0/0], source: x-forwarded-for }'),
      'listeners[0].clientAddress.trustedProxies[0]: trusts every address to say who a client is -> name the proxies alone',
    ],
    [
      listener('clientAddress: { trustedProxies: [10.0.0.1] }'),
      'listeners[0].clientAddress.source: is none: nothing is read of the trusted proxies -> write one, such as `source: x-forwarded-for`, or a `proxyProtocol`',
    ],
    [
      listener('clientAddress: { source: forwarded }'),
      'listeners[0].clientAddress.source: is believed of nobody -> name the proxies under `trustedProxies`',
    ],
    [
      listener('proxyProtocol: v2'),
      'listeners[0].proxyProtocol: is believed of nobody -> name the proxies under `trustedProxies`',
    ],
    [
      listener(
        'proxyProtocol: v1, clientAddress: { trustedProxies: [10.0.0.1], source: forwarded }',
      ),
      'listeners[0].clientAddress.source: is a second source of the address beside proxyProtocol -> write one of them: a listener believes one thing',
    ],
    [
      listener('clientAddress: { requiredHeaders: { X-MS-Proxy: x } }'),
      'listeners[0].clientAddress.source: is none: requiredHeaders are never looked at -> write one, such as `source: x-forwarded-for`, or remove requiredHeaders',
    ],
    [
      listener("clientAddress: { trustedProxies: [10.0.0.1], source: 'header:X-Azure-ClientIP' }"),
      'listeners[0].clientAddress.requiredHeaders: does not hold X-Azure-FDID: every Front Door of the world comes from the same addresses -> add `X-Azure-FDID: <the ID of your Front Door>`',
    ],
    [
      listener('clientAddress: { trustedProxies: [10.0.0.1], source: x-real-ip }'),
      'listeners[0].clientAddress.source: is the text "x-real-ip", which is not allowed here -> write none, x-forwarded-for, forwarded, or header:NAME such as `header:CF-Connecting-IP`',
    ],
  ])('%s', (yaml, problem) => expect(problems(yaml)).toEqual([problem]));

  test.each([
    listener("clientAddress: { trustedProxies: [proxies], source: 'header:CF-Connecting-IP' }") +
      '\naccess: { lists: { proxies: { file: x } } }',
    listener('clientAddress: { trustedProxies: [10.0.0.1] }, proxyProtocol: both'),
    'access: { allow: { admin: [192.0.2.1, 2001:db8::/32, 0.0.0.0/0] } }',
  ])('%s is valid', (yaml) => expect(problems(yaml)).toEqual([]));
});

test('a list that cannot be used stops the start, with line and reason', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'access-lists-'));
  const file = join(folder, 'gateway.yaml');
  await writeFile(join(folder, 'broken.txt'), '192.0.2.1\nnonsense\n');
  await writeFile(
    file,
    'access:\n  lists:\n    broken: { file: broken.txt }\n    gone: { file: gone.txt }\n',
  );
  await expect(loadConfig({ environment: { SCEP_GATEWAY_CONFIG: file } })).rejects.toMatchObject({
    code: 'config.unreadable',
    problems: [
      {
        key: 'access.lists.broken.file',
        problem: 'cannot be used: line 2 (nonsense) is no IP address',
        position: { line: 3, column: 15 },
      },
      { key: 'access.lists.gone.file', problem: 'cannot be read: there is no such file' },
    ],
  });
  await rm(folder, { recursive: true });
});

test('SCEP_GATEWAY_LISTEN keeps what stands beside the address of the first listener', async () => {
  const { config } = await loadConfig({
    environment: {
      SCEP_GATEWAY_CONFIG: 'examples/aws-alb.yaml',
      SCEP_GATEWAY_LISTEN: '127.0.0.1:9',
    },
  });
  expect(config.listeners).toEqual([
    {
      address: '127.0.0.1:9',
      clientAddress: {
        trustedProxies: ['10.1.0.0/24', '10.1.1.0/24'],
        source: 'x-forwarded-for',
        requiredHeaders: {},
      },
      proxyProtocol: 'off',
      ntlmBehindProxies: 'refused',
    },
  ]);
});
