import { afterEach, describe, expect, test } from '@jest/globals';
import { pageClients, thumbprintOn } from '../ndes/parsers.js';
import { as, send } from './client.js';
import { GatewayError } from '../../src/errors/index.js';
import { issuedPassword, now, singlePassword, startGateway, type Gateway } from './gateway.js';

const path = '/certsrv/mscep_admin/';
const issuing = {
  dynamic: true,
  single: false,
  none: false,
  length: 8,
  validityMinutes: 60,
  max: 10_000,
};

let gateway: Gateway;
afterEach(() => gateway.close());

function page(url: string, user: string, method = 'GET') {
  return send(gateway.listener.port, url, { method, headers: as(user) });
}

describe('an MDM', () => {
  test.each(pageClients)('$name gets a password', async ({ read }) => {
    gateway = await startGateway();
    const { body } = await page(path, 'mdm');
    expect(read(body)).toEqual({ kind: 'password', password: issuedPassword });
  });

  test.each([
    '/certsrv/mscep_admin',
    '/CertSrv/MSCEP_Admin/',
    '//certsrv/mscep_admin//',
    '/certsrv/mscep_admin/mscep.dll',
    '/certsrv/mscep%5fadmin/',
  ])('asks at %s, by GET and by POST', async (url) => {
    gateway = await startGateway();
    for (const method of ['GET', 'POST']) {
      const answer = await page(url, 'mdm', method);
      expect(answer.status).toBe(200);
      expect(answer.headers).toMatchObject({
        'content-type': 'text/html',
        'cache-control': 'no-store',
        pragma: 'no-cache',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
      });
      expect(answer.headers).not.toHaveProperty('strict-transport-security');
    }
    expect(gateway.orders).toHaveLength(2);
  });

  test('posts a form to it as HPE’s script does', async () => {
    gateway = await startGateway();
    const answer = await send(gateway.listener.port, path, {
      headers: { ...as('mdm'), 'content-type': 'application/x-www-form-urlencoded' },
      body: 'operation=GetCACaps',
    });
    expect(pageClients[5]?.read(answer.body)).toEqual({
      kind: 'password',
      password: issuedPassword,
    });
    expect(gateway.requests).toEqual([]);
  });

  test('gets a challenge on its own account, bound to the profile, on record before it leaves', async () => {
    gateway = await startGateway();
    const { body } = await page(path, 'mdm');
    expect(thumbprintOn(body)?.replaceAll(' ', '')).toBe(gateway.caCertificate.thumbprints.md5);
    expect(gateway.orders).toEqual([
      {
        account: 'mdm',
        quota: 20,
        binding: { profile: 'ndes' },
        length: 8,
        validityMinutes: 60,
        maxUses: 1,
      },
    ]);
    expect(gateway.audits).toContainEqual(
      expect.objectContaining({
        event: 'challenge.issued',
        outcome: 'ok',
        actor: 'mdm',
        profile: 'ndes',
        challengeId: 'challenge-1',
        clientAddress: '127.0.0.1',
        correlationId: 'id-1',
      }),
    );
    expect(JSON.stringify([gateway.audits, gateway.lines])).not.toContain(issuedPassword);
  });

  test('gets no password when the record cannot be written', async () => {
    gateway = await startGateway({
      deps: { audit: () => Promise.reject(new Error('disk full')) },
    });
    const answer = await page(path, 'mdm');
    expect(answer.status).toBe(500);
    expect(answer.body.toString('utf16le') + answer.body.toString()).not.toContain(issuedPassword);
  });

  test('chooses a profile', async () => {
    gateway = await startGateway({
      profiles: [
        { name: 'first', paths: ['/scep/first'] },
        { name: 'ndes', challenges: { ...issuing, length: 16 } },
        { name: 'wifi', paths: ['/scep/wifi'], challenges: { ...issuing, validityMinutes: 5 } },
      ],
    });
    await page(path, 'mdm');
    const { body } = await page(`${path}?x=1&profile=WIFI`, 'mdm');
    expect(gateway.orders.map(({ binding, length }) => [binding.profile, length])).toEqual([
      ['ndes', 16],
      ['wifi', 8],
    ]);
    expect(body.toString('utf16le')).toContain('will expire within 5 minutes.');
    expect((await page(`${path}?profile=none`, 'mdm')).status).toBe(404);
  });

  test('that only looks with HEAD uses no password up', async () => {
    gateway = await startGateway();
    const answer = await page(path, 'mdm', 'HEAD');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('text/html');
    expect(gateway.orders).toEqual([]);
  });
});

describe('the other pages', () => {
  test('a used-up quota is a full cache, with status 200', async () => {
    gateway = await startGateway({ issue: () => Promise.resolve({ kind: 'full' }) });
    const answer = await page(path, 'mdm');
    expect(answer.status).toBe(200);
    expect(pageClients[0]?.read(answer.body)).toEqual({ kind: 'cache-full' });
    expect(answer.body.toString('utf16le')).toContain('cache more than 20 passwords');
    expect(gateway.audits).toMatchObject([
      { event: 'challenge.denied', outcome: 'refused', code: 'challenge.quota', actor: 'mdm' },
    ]);
  });

  test('the profile may allow less than the account (PasswordMax)', async () => {
    gateway = await startGateway({
      profiles: [{ challenges: { ...issuing, max: 5 } }],
      issue: ({ quota }) =>
        quota === 5 ? Promise.resolve({ kind: 'full' }) : Promise.reject(new RangeError('quota')),
    });
    const { body } = await page(path, 'mdm');
    expect(body.toString('utf16le')).toContain('cache more than 5 passwords');
  });

  test.each([
    ['viewer', 'The account has no right to fetch challenges.'],
    ['wifi-only', 'The account may not fetch challenges for the profile ndes.'],
  ])('%s has no permission, with status 200', async (user, reason) => {
    gateway = await startGateway();
    const answer = await page(path, user);
    expect(answer.status).toBe(200);
    expect(pageClients[0]?.read(answer.body)).toEqual({ kind: 'no-permission' });
    expect(gateway.orders).toEqual([]);
    expect(gateway.audits).toMatchObject([{ event: 'challenge.denied', actor: user, reason }]);
  });

  test('a profile without challenges gives nobody permission', async () => {
    gateway = await startGateway({ profiles: [{ challenges: { ...issuing, dynamic: false } }] });
    expect(pageClients[0]?.read((await page(path, 'boss')).body)).toEqual({
      kind: 'no-permission',
    });
  });

  test('UseSinglePassword shows the lasting one', async () => {
    gateway = await startGateway({ profiles: [{ challenges: { ...issuing, single: true } }] });
    const { body } = await page(path, 'mdm');
    expect(pageClients[2]?.read(body)).toEqual({ kind: 'password', password: singlePassword });
    expect(body.toString('utf16le')).toContain('can be used multiple times and will not expire.');
    expect(gateway.audits).toMatchObject([{ event: 'challenge.shown', actor: 'mdm' }]);
  });

  test('EnforcePassword = 0 shows the thumbprint alone', async () => {
    gateway = await startGateway({ profiles: [{ challenges: { ...issuing, none: true } }] });
    const { body } = await page(path, 'mdm');
    expect(thumbprintOn(body)).toBeDefined();
    expect(pageClients[0]?.read(body)).toEqual({ kind: 'nothing' });
    expect(gateway.orders).toEqual([]);
  });
});

describe('signing in', () => {
  test('is asked for by a 401 that names Basic, without a record', async () => {
    gateway = await startGateway();
    const answer = await send(gateway.listener.port, path);
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe(
      'Basic realm="Network Device Enrollment Service"',
    );
    expect(answer.headers['location']).toBeUndefined();
    expect(gateway.audits).toEqual([]);
  });

  test('an API token is for the API', async () => {
    gateway = await startGateway();
    const headers = { authorization: `Bearer ${gateway.token}` };
    expect((await send(gateway.listener.port, path, { headers })).status).toBe(401);
  });

  test.each(['CORP\\mdm', 'mdm@corp.example', 'MDM'])('%s is mdm', async (user) => {
    gateway = await startGateway();
    const headers = as(user, 'pass-mdm');
    expect((await send(gateway.listener.port, path, { headers })).status).toBe(200);
  });

  test('fails, fails, locks, and looks the same from outside', async () => {
    gateway = await startGateway();
    const answers = [];
    for (const password of ['guess-1', 'guess-2', 'guess-3', 'pass-mdm']) {
      const headers = as('mdm', password);
      const { status, body, headers: sent } = await send(gateway.listener.port, path, { headers });
      answers.push({
        status,
        text: body.toString().replace(/id-\d/, ''),
        asked: sent['www-authenticate'],
      });
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.status).toBe(401);
    expect(gateway.audits.map(({ event, actor, outcome }) => [event, actor, outcome])).toEqual([
      ['access.denied', 'mdm', 'refused'],
      ['access.denied', 'mdm', 'refused'],
      ['access.locked', 'mdm', 'refused'],
    ]);
    const told = JSON.stringify([gateway.audits, gateway.lines]);
    expect(told).not.toMatch(/guess|pass-mdm|Basic [A-Za-z0-9]/);
    expect(gateway.lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        message: 'sign-in refused: the account is locked',
        fields: { account: 'mdm' },
      }),
    );
  });

  test('other methods are refused before it', async () => {
    gateway = await startGateway();
    const answer = await page(path, 'mdm', 'DELETE');
    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toBe('GET, HEAD, POST');
  });
});

describe('the challenges of an upstream NDES', () => {
  const challengeSource = {
    checksBindings: true,
    fetch: () => Promise.reject(new Error('unused')),
  };

  test('are ordered from it, and shown with the life they have', async () => {
    gateway = await startGateway({
      profiles: [{ challengeSource }],
      issue: () =>
        Promise.resolve({
          kind: 'issued',
          id: 'c1' as never,
          password: issuedPassword,
          expiresAt: new Date(now.getTime() + 17 * 60_000),
        }),
    });
    const { body } = await page(path, 'mdm');
    expect(body.toString('utf16le')).toContain('will expire within 17 minutes.');
    expect(gateway.orders[0]?.source).toBe(challengeSource);
  });

  test('that last are shown on the page of a lasting password', async () => {
    gateway = await startGateway({
      profiles: [{ challengeSource }],
      issue: () =>
        Promise.resolve({
          kind: 'issued',
          id: 'c1' as never,
          password: issuedPassword,
          expiresAt: now,
          lasting: true,
        }),
    });
    const { body } = await page(path, 'mdm');
    expect(body.toString('utf16le')).toContain('can be used multiple times');
  });

  test.each([
    ['upstream.full', 200, 'The password cache is full.'],
    ['upstream.denied', 200, 'You do not have sufficient permission to enroll with SCEP.'],
    ['upstream.unavailable', 503, 'Not now.'],
  ] as const)('%s is answered %i and on record', async (code, status, text) => {
    gateway = await startGateway({
      profiles: [{ challengeSource }],
      issue: () => Promise.reject(new GatewayError(code, 'Not now.', { detail: 'a detail' })),
    });
    const answer = await page(path, 'mdm');
    expect(answer.status).toBe(status);
    expect(answer.body.toString(status === 200 ? 'utf16le' : 'utf8')).toContain(text);
    expect(answer.headers['retry-after']).toBe(status === 503 ? '5' : undefined);
    expect(gateway.audits).toMatchObject([
      { event: 'challenge.denied', outcome: 'refused', code, reason: 'Not now.', actor: 'mdm' },
    ]);
  });
});
