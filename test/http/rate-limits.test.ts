import { afterEach, describe, expect, test } from '@jest/globals';
import { createRateLimits } from '../../src/access/index.js';
import { GatewayError } from '../../src/errors/index.js';
import { as, send, type Answer } from './client.js';
import { scepAnswer, startGateway, type Gateway } from './gateway.js';

const enroll = '/scep?operation=PKIOperation';
const message = Buffer.from([0x30, 0x03, 0x02, 0x01, 0x00]);
const plenty = { count: 1000, seconds: 60 };

let gateway: Gateway;
afterEach(() => gateway.close());

function rates(some: Partial<Parameters<typeof createRateLimits>[0]>) {
  return createRateLimits({
    operations: plenty,
    refusedChallenges: plenty,
    brokenMessages: plenty,
    challenges: plenty,
    ...some,
  });
}

describe('PKIOperations of one address', () => {
  test('beyond the limit come later, with 503, before their body', async () => {
    gateway = await startGateway({
      deps: { rateLimits: rates({ operations: { count: 2, seconds: 30 } }) },
    });
    const { port } = gateway.listener;
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      statuses.push((await send(port, enroll, { body: message })).status);
    }
    expect(statuses).toEqual([200, 200, 503]);
    const late = await send(port, '/scep', { body: Buffer.alloc(500_000) });
    expect(late.status).toBe(503);
    expect(Number(late.headers['retry-after'])).toBeGreaterThan(25);
    expect(late.body.toString()).toMatch(/^Too many requests from this address\.\nTry again in /);
    expect((await send(port, '/scep?operation=GetCACaps')).status).toBe(200);
    const elsewhere = await send(port, enroll, { body: message, localAddress: '127.0.0.2' });
    expect(elsewhere.status).toBe(200);
  });

  test('with refused challenges make it wait', async () => {
    const rateLimits = rates({ refusedChallenges: { count: 2, seconds: 30 } });
    gateway = await startGateway({
      deps: { rateLimits },
      scep: async ({ client }) => {
        await rateLimits.refusedChallenges.take(client.address);
        return scepAnswer;
      },
    });
    const { port } = gateway.listener;
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      statuses.push((await send(port, enroll, { body: message })).status);
    }
    expect(statuses).toEqual([200, 200, 503]);
    const elsewhere = await send(port, enroll, { body: message, localAddress: '127.0.0.2' });
    expect(elsewhere.status).toBe(200);
  });

  test('that carry no message make it wait, refusals of another kind do not', async () => {
    gateway = await startGateway({
      deps: { rateLimits: rates({ brokenMessages: { count: 2, seconds: 30 } }) },
      scep: () => Promise.reject(new GatewayError('http.operation', 'Not that one.')),
    });
    const { port } = gateway.listener;
    const post = async (body: Buffer) => (await send(port, enroll, { body })).status;
    expect(await post(message)).toBe(400);
    expect(await post(message)).toBe(400);
    expect(await post(Buffer.alloc(0))).toBe(400);
    expect(await post(Buffer.from('MII! no base64'))).toBe(400);
    expect(await post(message)).toBe(503);
  });
});

test('an account that asks for too many challenges waits, others do not', async () => {
  gateway = await startGateway({
    deps: { rateLimits: rates({ challenges: { count: 1, seconds: 30 } }) },
  });
  const { port } = gateway.listener;
  const ask = (user: string) =>
    send(port, '/api/v1/challenges', { method: 'POST', headers: as(user) });
  expect((await ask('mdm')).status).toBe(201);
  const second = await ask('mdm');
  expect(second.status).toBe(429);
  expect(second.headers['retry-after']).toBe('30');
  expect(JSON.parse(second.body.toString())).toMatchObject({
    error: {
      code: 'http.rate',
      message: 'The account asks for too many challenges at once.',
      mend: 'Try again in 30 s.',
    },
  });
  // Any other status would look like wrong credentials to the parsers of this page.
  const page = await send(port, '/certsrv/mscep_admin/', { headers: as('mdm') });
  expect([page.status, page.headers['retry-after']]).toEqual([200, '30']);
  expect(page.body.toString('utf16le')).toContain('The password cache is full.');
  expect((await ask('boss')).status).toBe(201);
});

test('a flood from one address leaves places for the others', async () => {
  const leave: (() => void)[] = [];
  gateway = await startGateway({
    scep: async ({ client }) => {
      if (client.address === '127.0.0.2') await new Promise<void>((go) => leave.push(go));
      return scepAnswer;
    },
  });
  const { port } = gateway.listener;
  // Eight places: the flood holds six of them for as long as it likes, and knocks on.
  const flood: Promise<Answer>[] = [];
  for (let request = 0; request < 60; request++) {
    flood.push(send(port, enroll, { body: message, localAddress: '127.0.0.2' }));
  }
  while (leave.length < 6) await new Promise((go) => setTimeout(go, 5));
  for (let device = 0; device < 20; device++) {
    expect((await send(port, enroll, { body: message })).status).toBe(200);
  }
  for (const go of leave) go();
  const statuses = (await Promise.all(flood)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(6);
  expect(statuses.filter((status) => status === 503)).toHaveLength(54);
});
