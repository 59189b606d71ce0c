import { afterEach, describe, expect, test } from '@jest/globals';
import { GatewayError } from '../../src/errors/index.js';
import { as, send, type Answer } from './client.js';
import { issuedPassword, now, startGateway, type Gateway, type GatewayOptions } from './gateway.js';

const path = '/api/v1/challenges';
const key = 'AB'.repeat(32);

let gateway: Gateway;
afterEach(() => gateway.close());

function order(body: unknown, headers: Readonly<Record<string, string>> = as('mdm')) {
  return send(gateway.listener.port, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

function json(answer: Answer): unknown {
  expect(answer.headers['content-type']).toBe('application/json');
  return JSON.parse(answer.body.toString());
}

describe('POST', () => {
  test('hands out a bound challenge', async () => {
    gateway = await startGateway();
    const answer = await order({
      profile: 'ndes',
      subject: 'CN=device-1',
      san: ['dns:device-1.example', 'upn:u@example'],
      key,
      requester: '192.0.2.0/24',
      validityMinutes: 5,
      uses: 3,
    });
    expect(answer.status).toBe(201);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(json(answer)).toEqual({
      id: 'challenge-1',
      challenge: issuedPassword,
      expiresAt: '2026-01-01T12:05:00.000Z',
      profile: 'ndes',
      url: 'https://scep.example/certsrv/mscep/mscep.dll',
    });
    expect(gateway.orders).toEqual([
      {
        account: 'mdm',
        quota: 20,
        binding: {
          profile: 'ndes',
          subject: 'CN=device-1',
          san: ['dns:device-1.example', 'upn:u@example'],
          key: key.toLowerCase(),
          requester: '192.0.2.0/24',
        },
        length: 8,
        validityMinutes: 5,
        maxUses: 3,
      },
    ]);
    expect(gateway.audits).toMatchObject([
      { event: 'challenge.issued', subject: 'CN=device-1', keyId: key.toLowerCase() },
    ]);
    expect(JSON.stringify([gateway.audits, gateway.lines])).not.toContain(issuedPassword);
  });

  test.each<[string, Record<string, string>, string]>([
    ['{}', { 'content-type': 'application/json; charset=utf-8' }, ''],
    ['no body', { 'content-type': 'text/plain' }, ''],
  ])('with %s takes what the profile says', async (_, headers, body) => {
    gateway = await startGateway({ deps: { publicUrl: undefined } });
    const answer = await order(body, { ...as('mdm'), ...headers });
    expect(answer.status).toBe(201);
    expect(json(answer)).toMatchObject({ profile: 'ndes', url: '/certsrv/mscep/mscep.dll' });
    expect(gateway.orders).toMatchObject([
      { binding: { profile: 'ndes' }, validityMinutes: 60, maxUses: 1 },
    ]);
  });

  test('takes an API token', async () => {
    gateway = await startGateway();
    const answer = await order({}, { authorization: `Bearer ${gateway.token}` });
    expect(answer.status).toBe(201);
    expect(gateway.orders).toMatchObject([{ account: 'mdm' }]);
  });

  test.each<[string, unknown, string]>([
    ['unknown members', { subjekt: 'CN=x' }, 'Unrecognized key: "subjekt"'],
    ['__proto__', '{"__proto__": {"profile": "ndes"}}', 'Unrecognized key'],
    ['a SAN without kind', { san: ['host'] }, 'san.0: must be `dns:host`'],
    ['an empty SAN list', { san: [] }, 'san: '],
    ['a short key', { key: 'abcd' }, 'key: must be the SHA-256'],
    ['a host as requester', { requester: 'host' }, 'requester: must be an address'],
    ['a wide prefix', { requester: '192.0.2.1/33' }, 'requester: must be an address'],
    ['an IPv6 zone', { requester: 'fe80::1%eth0' }, 'requester: must be an address'],
    ['no time', { validityMinutes: 0 }, 'validityMinutes: '],
    ['half a use', { uses: 1.5 }, 'uses: '],
    ['a profile that is not there', { profile: 'nope' }, 'There is no such profile.'],
    ['an array', [], 'Invalid input'],
    ['no JSON', '{', 'The body is not valid JSON.'],
  ])('refuses %s', async (_, body, message) => {
    gateway = await startGateway();
    const answer = await order(body);
    expect(answer.status).toBe(400);
    expect(json(answer)).toMatchObject({
      error: {
        code: 'http.message',
        message: expect.stringContaining(message),
        correlationId: 'id-1',
      },
    });
    expect(gateway.orders).toEqual([]);
  });

  test('refuses what does not call itself JSON', async () => {
    gateway = await startGateway();
    const answer = await order('{}', { ...as('mdm'), 'content-type': 'text/plain' });
    expect(answer.status).toBe(400);
    expect(json(answer)).toEqual({
      error: {
        code: 'http.message',
        message: 'The body must be JSON.',
        mend: 'Send it with `Content-Type: application/json`.',
        correlationId: 'id-1',
      },
    });
  });

  test.each<[string, number, string, GatewayOptions, string]>([
    ['viewer', 403, 'http.forbidden', {}, 'The account has no right to fetch challenges.'],
    ['wifi-only', 403, 'http.forbidden', {}, 'may not fetch challenges for the profile ndes.'],
    [
      'mdm',
      409,
      'challenge.quota',
      { issue: () => Promise.resolve({ kind: 'full' }) },
      'The account holds 20 open challenges.',
    ],
    [
      'mdm',
      403,
      'http.forbidden',
      {
        profiles: [
          {
            challenges: {
              dynamic: false,
              single: true,
              none: false,
              length: 8,
              max: 10_000,
              validityMinutes: 1,
            },
          },
        ],
      },
      'The profile ndes hands out no one-time challenges.',
    ],
    [
      'mdm',
      400,
      'challenge.binding',
      { issue: () => Promise.reject(new GatewayError('challenge.binding', 'It can never fit.')) },
      'It can never fit.',
    ],
    [
      'mdm',
      503,
      'store.unavailable',
      { issue: () => Promise.reject(new GatewayError('store.unavailable', 'Busy.')) },
      'Busy.',
    ],
    [
      'mdm',
      500,
      'internal',
      { issue: () => Promise.reject(new Error('secret insides')) },
      'The gateway failed to answer.',
    ],
  ])('%s is answered %i %s', async (user, status, code, options, message) => {
    gateway = await startGateway(options);
    const answer = await order({}, as(user));
    expect(answer.status).toBe(status);
    expect(json(answer)).toMatchObject({
      error: { code, message: expect.stringContaining(message), correlationId: 'id-1' },
    });
    expect(answer.headers['retry-after']).toBe(status === 503 ? '5' : undefined);
  });

  test('refuses a body of more than 64 KiB', async () => {
    gateway = await startGateway();
    const answer = await order({ subject: 'x'.repeat(70_000) });
    expect(answer.status).toBe(413);
    expect(json(answer)).toMatchObject({ error: { code: 'http.too-large' } });
  });
});

test('without credentials every scheme is offered in a field of its own', async () => {
  gateway = await startGateway();
  const answer = await send(gateway.listener.port, path);
  expect(answer.status).toBe(401);
  expect(json(answer)).toMatchObject({ error: { code: 'http.unauthorized' } });
  const offered = answer.rawHeaders.filter((_, at, all) => all[at - 1] === 'WWW-Authenticate');
  expect(offered).toEqual([
    'Basic realm="Network Device Enrollment Service"',
    'Bearer realm="Network Device Enrollment Service"',
  ]);
});

type ChallengeRecord = NonNullable<GatewayOptions['records']>[number];

function record(id: string, account: string, rest: Partial<ChallengeRecord> = {}): ChallengeRecord {
  return {
    id: id as ChallengeRecord['id'],
    digest: 'digest-of-it' as ChallengeRecord['digest'],
    account,
    binding: { profile: 'ndes' },
    createdAt: new Date(now.getTime() - 60_000),
    expiresAt: new Date(now.getTime() + 60_000),
    maxUses: 1,
    uses: 0,
    revokedAt: undefined,
    ...rest,
  };
}

const records = [
  record('a', 'mdm'),
  record('b', 'other'),
  record('c', 'mdm', { revokedAt: now }),
  record('d', 'other', { uses: 1 }),
  record('e', 'other', { expiresAt: now }),
];

describe('GET', () => {
  test.each([
    ['mdm', '', ['a open', 'c revoked']],
    ['viewer', '', ['a open', 'b open', 'c revoked', 'd used', 'e expired']],
    ['boss', '?limit=2', ['a open', 'b open']],
  ])('shows %s what it may see (%s)', async (user, query, shown) => {
    gateway = await startGateway({ records });
    const answer = await send(gateway.listener.port, `${path}${query}`, { headers: as(user) });
    expect(answer.status).toBe(200);
    const { challenges } = json(answer) as { challenges: Record<string, string>[] };
    expect(challenges.map(({ id, state }) => `${id ?? ''} ${state ?? ''}`)).toEqual(shown);
    expect(answer.body.toString()).not.toContain('digest-of-it');
  });

  test('refuses a filter it does not know', async () => {
    gateway = await startGateway();
    const { port } = gateway.listener;
    const answer = await send(port, `${path}?state=new`, { headers: as('mdm') });
    expect(answer.status).toBe(400);
    expect(json(answer)).toMatchObject({
      error: { message: expect.stringContaining('state: '), mend: 'It may hold: state, limit.' },
    });
  });
});

describe('DELETE', () => {
  test.each([
    ['mdm', 'a', 204],
    ['mdm', 'b', 404],
    ['mdm', 'c', 404],
    ['boss', 'b', 204],
    ['boss', 'nope', 404],
    ['viewer', 'a', 403],
  ])('%s revokes %s: %i', async (user, id, status) => {
    gateway = await startGateway({ records });
    const answer = await send(gateway.listener.port, `${path}/${id}`, {
      method: 'DELETE',
      headers: as(user),
    });
    expect(answer.status).toBe(status);
    expect(gateway.audits).toMatchObject(
      status === 204 ? [{ event: 'challenge.revoked', challengeId: id, actor: user }] : [],
    );
  });

  test('other methods are refused with what there is', async () => {
    gateway = await startGateway();
    const { port } = gateway.listener;
    const one = await send(port, `${path}/a`, { headers: as('mdm') });
    const all = await send(port, path, { method: 'PUT', headers: as('mdm') });
    expect([one.status, one.headers['allow']]).toEqual([405, 'DELETE']);
    expect([all.status, all.headers['allow']]).toEqual([405, 'GET, HEAD, POST']);
    expect(json(all)).toMatchObject({ error: { code: 'http.method' } });
  });
});
