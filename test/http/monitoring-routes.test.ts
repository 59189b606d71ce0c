import { connect } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { createAllowLists, createClientAddress, createRateLimits } from '../../src/access/index.js';
import { rulesOf } from '../access/origins.js';
import { send } from './client.js';
import { scepAnswer, startGateway, type Gateway } from './gateway.js';

let gateway: Gateway;
afterEach(() => gateway.close());

const allowLists = createAllowLists({
  scep: new Map(),
  admin: rulesOf('127.0.0.2'),
  api: undefined,
  publications: undefined,
  metrics: rulesOf('127.0.0.1'),
});

test('/metrics is for those on its list, and not for those on another', async () => {
  gateway = await startGateway({ deps: { allowLists } });
  const { port } = gateway.listener;
  const answer = await send(port, '/metrics');
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4');
  expect(answer.body.toString()).toBe('up 1\n');
  for (const path of ['/metrics', '/Metrics/', '/readyz', '/metrics/x']) {
    const stranger = await send(port, path, { localAddress: '127.0.0.2' });
    expect([path, stranger.status]).toEqual([path, 403]);
  }
  expect(gateway.denials).toEqual(['metrics', 'metrics', 'metrics', 'metrics']);
  expect((await send(port, '/healthz', { localAddress: '127.0.0.2' })).status).toBe(200);
  expect((await send(port, '/metrics/x')).status).toBe(404);
  const post = await send(port, '/metrics', { method: 'POST' });
  expect([post.status, post.headers.allow]).toEqual([405, 'GET, HEAD']);
});

test('/readyz says what holds', async () => {
  gateway = await startGateway();
  const ready = await send(gateway.listener.port, '/readyz');
  expect([ready.status, ready.body.toString()]).toEqual([200, 'ok: store\n']);
});

test('and what does not, with 503', async () => {
  gateway = await startGateway({
    deps: {
      readiness: () =>
        Promise.resolve([
          { name: 'store', fault: undefined },
          { name: 'issuer local', fault: 'CN=CA ended on 2026-01-01' },
        ]),
    },
  });
  const answer = await send(gateway.listener.port, '/readyz');
  expect(answer.status).toBe(503);
  expect(answer.headers['retry-after']).toBe('30');
  expect(answer.body.toString()).toBe(
    'ok: store\nnot ready: issuer local: CN=CA ended on 2026-01-01\n',
  );
});

test('those who ask every few seconds do not fill the log', async () => {
  gateway = await startGateway();
  for (const path of ['/healthz', '/readyz', '/metrics']) await send(gateway.listener.port, path);
  await gateway.accessLine();
  expect(gateway.lines.filter(({ level }) => level === 'info')).toEqual([]);
});

test.each([
  ['address', () => ''],
  ['IPv6 network', (n: number) => `X-Forwarded-For: 2001:db8::${n}\r\n`],
])('a crowd of slow senders from one %s leaves room for others', async (_, forwarded) => {
  const rate = { count: 1000, seconds: 60 };
  gateway = await startGateway({
    deps: {
      limits: { messageBytes: 65_536, sendersAtOnce: 4 },
      rateLimits: createRateLimits({
        operations: rate,
        refusedChallenges: rate,
        brokenMessages: rate,
        challenges: rate,
      }),
    },
    scep: () => Promise.resolve(scepAnswer),
    listener: {
      clientAddress: createClientAddress({
        trustedProxies: rulesOf('127.0.0.2'),
        source: { kind: 'x-forwarded-for' },
        requiredHeaders: [],
      }),
    },
  });
  const { port } = gateway.listener;
  const slow = Array.from({ length: 20 }, (_, n) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    socket.on('error', () => undefined);
    socket.write(
      `POST /scep?operation=PKIOperation HTTP/1.1\r\nHost: x\r\n${forwarded(n)}Content-Length: 9\r\n\r\n0`,
    );
    return socket;
  });
  // Four may send at once; one address holds three of them and the others of it are told so.
  while (gateway.refusals.length < 17) await new Promise((resolve) => setTimeout(resolve, 5));
  const message = Buffer.from([0x30, 0x03, 0x02, 0x01, 0x00]);
  const other = await send(port, '/scep?operation=PKIOperation', { body: message });
  expect(other.status).toBe(200);
  expect(gateway.refusals).toEqual(Array.from({ length: 17 }, () => 'senders'));
  for (const socket of slow) socket.destroy();
});
