import { once } from 'node:events';
import { Agent, IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createListener } from '../../src/http/index.js';
import { send, sendRaw } from './client.js';
import { scepAnswer, startGateway, type Gateway } from './gateway.js';

const path = '/certsrv/mscep/mscep.dll';

let gateway: Gateway;
afterEach(() => gateway.close());

describe('requests from before our time', () => {
  test('HTTP/1.0 without Host', async () => {
    gateway = await startGateway();
    const answer = await sendRaw(
      gateway.listener.port,
      `GET ${path}?operation=GetCACaps HTTP/1.0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toMatch(/\r\nContent-Type: application\/x-pki-message\r\n/);
    expect(answer).toMatch(/\r\n\r\nCertRep$/);
  });

  test('HTTP/1.0 with a posted message', async () => {
    gateway = await startGateway();
    const answer = await sendRaw(
      gateway.listener.port,
      `POST ${path}?operation=PKIOperation HTTP/1.0\r\nContent-Length: 3\r\n\r\n0\x01\xff`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(gateway.requests[0]?.message).toEqual(Buffer.from([0x30, 1, 0xff]));
  });

  test('the absolute form of a forward proxy', async () => {
    gateway = await startGateway();
    const answer = await sendRaw(
      gateway.listener.port,
      `GET http://scep.example${path}?operation=GetCACaps HTTP/1.0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });
});

describe('what is no request', () => {
  test.each([
    ['nonsense', 'hello\r\n\r\n', '400 Bad Request'],
    ['HTTP/1.1 without Host', `GET ${path} HTTP/1.1\r\n\r\n`, '400 Bad Request'],
    [
      'a request line beyond all messages',
      `GET ${path}?message=${'A'.repeat(400_000)} HTTP/1.0\r\n\r\n`,
      '431 Request Header Fields Too Large',
    ],
    [
      'two lengths',
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
      '400 Bad Request',
    ],
  ])('%s', async (_, octets, status) => {
    gateway = await startGateway();
    const answer = await sendRaw(gateway.listener.port, octets);
    expect(answer.split('\r\n')[0]).toBe(`HTTP/1.1 ${status}`);
    expect(answer).toContain('Connection: close');
    expect(gateway.requests).toEqual([]);
    expect((await send(gateway.listener.port, '/healthz')).status).toBe(200);
  });

  test('a header that never ends gets 408', async () => {
    gateway = await startGateway({
      timeouts: { headersMillis: 300, requestMillis: 400, keepAliveMillis: 1000 },
    });
    const socket = connect(gateway.listener.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    expect((await text(socket)).split('\r\n')[0]).toBe('HTTP/1.1 408 Request Timeout');
  });

  test('a body that never ends is cut off', async () => {
    gateway = await startGateway({
      timeouts: { headersMillis: 300, requestMillis: 400, keepAliveMillis: 1000 },
    });
    const socket = connect(gateway.listener.port, '127.0.0.1');
    socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n0`);
    expect((await text(socket)).split('\r\n')[0]).toBe('HTTP/1.1 408 Request Timeout');
    expect((await gateway.accessLine()).fields).toMatchObject({ path });
    expect(gateway.requests).toEqual([]);
  });

  test('a client that leaves in the middle leaves nothing behind', async () => {
    gateway = await startGateway();
    const socket = connect(gateway.listener.port, '127.0.0.1');
    socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n0`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    socket.destroy();
    expect((await gateway.accessLine()).fields).toMatchObject({ path, aborted: true });
    expect(gateway.requests).toEqual([]);
    expect(gateway.lines.some(({ level }) => level === 'error')).toBe(false);
  });
});

describe('close', () => {
  test('lets what is in flight finish, closes what idles, accepts no more', async () => {
    let answerNow: () => void = () => undefined;
    gateway = await startGateway({
      scep: async () => {
        await new Promise<void>((resolve) => (answerNow = resolve));
        return scepAnswer;
      },
    });
    const { port } = gateway.listener;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await send(port, '/healthz', { agent });
    const idleClosed = once(connect(port, '127.0.0.1').resume(), 'close');
    const inFlight = send(port, `${path}?operation=GetCACaps`, { agent });
    while (gateway.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const closed = gateway.listener.close(60_000);
    const { headers } = await send(port, '/healthz', { agent: new Agent({ keepAlive: true }) });
    expect(headers.connection).toBe('close');
    await new Promise((resolve) => setTimeout(resolve, 400));
    await expect(send(port, '/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    answerNow();
    expect((await inFlight).status).toBe(200);
    await closed;
    await idleClosed;
    agent.destroy();
    gateway = await startGateway();
  });

  test('cuts off what outstays its grace', async () => {
    gateway = await startGateway({ scep: () => new Promise(() => undefined) });
    const stuck = send(gateway.listener.port, `${path}?operation=GetCACaps`);
    const failed = expect(stuck).rejects.toMatchObject({ code: 'ECONNRESET' });
    while (gateway.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await gateway.listener.close(100);
    await failed;
    gateway = await startGateway();
  });
});

test('an address in use stops the start, with the reason', async () => {
  gateway = await startGateway();
  const address = `127.0.0.1:${gateway.listener.port}`;
  const silent = () => undefined;
  const app = { handle: silent, messageClasses: { IncomingMessage, ServerResponse } };
  const log = { error: silent, warn: silent, info: silent, debug: silent };
  await expect(createListener(app, address, { messageBytes: 65_536, log })).rejects.toMatchObject({
    code: 'config.invalid',
    message: `The gateway cannot listen on ${address} (EADDRINUSE).`,
    mend: 'Choose another address, or stop what uses it.',
  });
});

test.each([
  ['', 'close'],
  ['Basic YTpi', 'close'],
  ['NTLM TlRMTVNTUAAB', 'keep-alive'],
  ['Negotiate TlRMTVNTUAAB', 'keep-alive'],
])(
  'while it drains, an answer to Authorization "%s" says %s',
  async (authorization, connection) => {
    gateway = await startGateway();
    gateway.listener.drain();
    const agent = new Agent({ keepAlive: true });
    const headers = authorization === '' ? {} : { authorization };
    const answer = await send(gateway.listener.port, '/healthz', { agent, headers });
    expect(answer.headers.connection).toBe(connection);
    agent.destroy();
  },
);
