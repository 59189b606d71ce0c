import { describe, expect, test } from '@jest/globals';
import type { Role } from '../../src/access/index.js';
import type { Decisions } from '../../src/http/index.js';
import { send, type Answer } from './client.js';
import { startGateway } from './gateway.js';

const id = 'a1'.repeat(32);
const thumbprint = 'AB'.repeat(32);

/** An authenticator that lets everybody in with these rights. */
function as(...roles: Role[]) {
  const principal = { account: 'operator', roles, quota: 1, profiles: undefined };
  const authenticator = {
    challenge: 'Basic',
    authenticate: () =>
      Promise.resolve({
        kind: 'authenticated' as const,
        principal: { ...principal, scheme: 'basic' as const },
      }),
  };
  return { page: [], api: [authenticator] };
}

async function asked(
  roles: Role[],
  use: (
    call: (method: string, path: string, body?: string, type?: string) => Promise<Answer>,
  ) => Promise<void>,
  found = true,
) {
  const calls: unknown[] = [];
  const decisions: Decisions = {
    waiting: (limit) => {
      calls.push(['waiting', limit]);
      const since = new Date('2026-01-01T00:00:00Z');
      const about = { profile: 'wifi', subject: 'CN=device', clientAddress: '192.0.2.7' };
      return Promise.resolve([{ id, since, ...about }]);
    },
    decide: (...call) => {
      calls.push(['decide', ...call]);
      return Promise.resolve(found);
    },
    revoke: (...call) => {
      calls.push(['revoke', ...call]);
      return Promise.resolve(found);
    },
  };
  const gateway = await startGateway({ deps: { decisions, authenticators: as(...roles) } });
  try {
    await use((method, path, body, type = 'application/json') =>
      send(gateway.listener.port, `/api/v1${path}`, {
        method,
        ...(body !== undefined && { body, headers: { 'Content-Type': type } }),
      }),
    );
  } finally {
    await gateway.close();
  }
  return calls;
}

const maker = {
  account: 'operator',
  correlationId: expect.any(String) as unknown,
  clientAddress: '127.0.0.1',
};

describe('decisions', () => {
  test('are made by who has the role, and carry who made them', async () => {
    const calls = await asked(['approve', 'revoke'], async (call) => {
      const listed = await call('GET', '/requests');
      expect(listed.status).toBe(200);
      expect(JSON.parse(listed.body.toString())).toEqual({
        requests: [
          {
            id,
            since: '2026-01-01T00:00:00.000Z',
            profile: 'wifi',
            subject: 'CN=device',
            clientAddress: '192.0.2.7',
          },
        ],
      });
      expect((await call('POST', `/requests/${id}/approve`, '{}')).status).toBe(204);
      expect((await call('POST', `/requests/${id}/deny`, '{"reason":"No."}')).status).toBe(204);
      const revocation = await call(
        ...(['POST', `/certificates/${thumbprint.toLowerCase()}/revoke`] as const),
        '{"reason":"keyCompromise"}',
      );
      expect(revocation.status).toBe(204);
    });
    expect(calls).toEqual([
      ['waiting', 1000],
      ['decide', maker, { id, decision: 'approve', reason: undefined }],
      ['decide', maker, { id, decision: 'deny', reason: 'No.' }],
      ['revoke', maker, { thumbprint, reason: 'keyCompromise' }],
    ]);
  });

  test.each([
    [['challenge', 'read', 'revoke'], 'POST', `/requests/${id}/approve`],
    [['challenge', 'read', 'revoke'], 'POST', `/requests/${id}/deny`],
    [['challenge', 'read', 'approve'], 'POST', `/certificates/${thumbprint}/revoke`],
    [['challenge', 'revoke'], 'GET', '/requests'],
  ] as const)('%j may not %s %s', async (roles, method, path) => {
    const calls = await asked([...roles], async (call) => {
      const answer = await call(method, path, method === 'POST' ? '{}' : undefined);
      expect(answer.status).toBe(403);
      expect(JSON.parse(answer.body.toString())).toMatchObject({
        error: { code: 'http.forbidden' },
      });
    });
    expect(calls).toEqual([]);
  });

  test('need a JSON body, so that no page decides across origins', async () => {
    const calls = await asked(['admin'], async (call) => {
      for (const [body, type] of [
        [undefined, undefined],
        ['{}', 'text/plain'],
        ['{}', 'application/x-www-form-urlencoded'],
        ['[', 'application/json'],
        ['{"reason":7}', 'application/json'],
        ['{"other":"x"}', 'application/json'],
      ] as const) {
        const answer = await call('POST', `/requests/${id}/approve`, body, type);
        expect(answer.status).toBe(400);
      }
    });
    expect(calls).toEqual([]);
  });

  test('about what is not there are 404, and odd ids too', async () => {
    await asked(
      ['admin'],
      async (call) => {
        expect((await call('POST', `/requests/${id}/approve`, '{}')).status).toBe(404);
        expect((await call('POST', '/requests/a1/approve', '{}')).status).toBe(404);
        expect((await call('POST', `/certificates/${thumbprint}/revoke`, '{}')).status).toBe(404);
        expect((await call('POST', '/certificates/1/revoke', '{}')).status).toBe(404);
        expect((await call('GET', `/requests/${id}/approve`)).status).toBe(405);
      },
      false,
    );
  });
});
