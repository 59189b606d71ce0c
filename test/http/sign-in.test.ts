import { afterEach, expect, test } from '@jest/globals';
import type { Authenticator } from '../../src/access/index.js';
import { as, send, sendRaw } from './client.js';
import { startGateway, type Gateway } from './gateway.js';

const api = '/api/v1/challenges';
const page = '/certsrv/mscep_admin/';

let gateway: Gateway;
afterEach(() => gateway.close());

test.each([api, page])(
  'two Authorization headers at %s are a bad request, and no guess',
  async (path) => {
    gateway = await startGateway();
    const { port } = gateway.listener;
    const right = as('mdm')['authorization'] ?? '';
    const wrong = as('mdm', 'guess')['authorization'] ?? '';
    for (const [first, second] of [
      [right, right],
      [right, wrong],
      [wrong, right],
      [right, ''],
    ] as const) {
      const answer = await sendRaw(
        port,
        `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n` +
          `Authorization: ${first}\r\nAUTHORIZATION: ${second}\r\n\r\n`,
      );
      expect(answer.split('\r\n')[0]).toBe('HTTP/1.1 400 Bad Request');
      expect(answer).toContain('The request has more than one Authorization header.');
      expect(answer).not.toMatch(/www-authenticate/i);
    }
    expect(gateway.audits).toEqual([]);
    expect((await send(port, api, { headers: as('mdm') })).status).toBe(200);
  },
);

test('a flood of certificates that are refused does not fill the disk with records', async () => {
  const refusing: Authenticator = {
    challenge: undefined,
    authenticate: () =>
      Promise.resolve({ kind: 'wrong', account: 'anna', reason: 'It is self-signed.' }),
  };
  gateway = await startGateway({
    deps: { authenticators: { page: [refusing], api: [refusing] } },
  });
  const { port } = gateway.listener;
  for (let times = 0; times < 70; times++) {
    expect((await send(port, api)).status).toBe(401);
  }
  expect(gateway.audits).toHaveLength(60);
  expect((await send(port, api, { localAddress: '127.0.0.2' })).status).toBe(401);
  expect(gateway.audits.at(-1)).toMatchObject({
    event: 'access.denied',
    actor: 'anna',
    clientAddress: '127.0.0.2',
    reason: 'It is self-signed.',
  });
});
