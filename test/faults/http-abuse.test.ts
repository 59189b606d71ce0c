/** Connections that behave badly: each gets 4xx, a time limit or nothing, and all others go on being served. */
import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { issued, postMessage, toldBy } from '../bad-input/answer.js';
import { createMaker, staticSecret, type Maker } from '../bad-input/maker.js';
import { send, sendRaw } from '../http/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
let make: Maker;
const open = new Set<Socket>();

beforeAll(async () => {
  gateway = await startTestGateway({
    config: {
      limits: { concurrentOperations: 8 },
      profiles: {
        default: {
          paths: ['/scep'],
          challenges: { static: [{ name: 'fixed', secret: { env: 'STATIC_SECRET' } }] },
        },
      },
    },
    environment: { STATIC_SECRET: staticSecret },
  });
  make = await createMaker();
});
afterAll(() => gateway.close());
afterEach(() => {
  for (const socket of open) socket.destroy();
  open.clear();
});

async function connected(): Promise<Socket> {
  const socket = connect(gateway.port, '127.0.0.1');
  open.add(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

async function expectService(): Promise<void> {
  expect(toldBy(await postMessage(gateway.port, await make.message()), gateway.ra)).toEqual(issued);
}

const operation = '/scep?operation=PKIOperation';

describe('others are served beside', () => {
  test('1,000 connections that say nothing', async () => {
    for (let n = 0; n < 10; n++) await Promise.all(Array.from({ length: 100 }, () => connected()));
    await expectService();
  }, 60_000);

  test('200 connections that send a header at a time', async () => {
    const sockets = await Promise.all(Array.from({ length: 200 }, () => connected()));
    for (const socket of sockets)
      socket.write('GET /scep?operation=GetCACaps HTTP/1.1\r\nHost: x\r\n');
    for (let n = 0; n < 5; n++) for (const socket of sockets) socket.write(`X-${n}: 1\r\n`);
    await expectService();
  });

  test('200 bodies that were announced and never come', async () => {
    const sockets = await Promise.all(Array.from({ length: 200 }, () => connected()));
    for (const socket of sockets)
      socket.write(`POST ${operation} HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n0`);
    await expectService();
  });

  test('100 clients that leave in the middle of their message', async () => {
    const message = await make.message();
    const sockets = await Promise.all(Array.from({ length: 100 }, () => connected()));
    for (const socket of sockets) {
      socket.write(
        `POST ${operation} HTTP/1.1\r\nHost: x\r\nContent-Length: ${message.length}\r\n\r\n`,
      );
      socket.write(message.subarray(0, 500), () => socket.resetAndDestroy());
    }
    await expectService();
  });

  test('100 clients that do not wait for their answer', async () => {
    const message = await make.message();
    const sockets = await Promise.all(Array.from({ length: 100 }, () => connected()));
    for (const socket of sockets) {
      socket.write(
        `POST ${operation} HTTP/1.1\r\nHost: x\r\nContent-Length: ${message.length}\r\n\r\n`,
      );
      socket.write(message, () => socket.resetAndDestroy());
    }
    await expectService();
  });
});

describe('requests in unusual dress', () => {
  test('pipelined: answered in order', async () => {
    const get = (name: string) => `GET /scep?operation=${name} HTTP/1.1\r\nHost: x\r\n`;
    const answers = await sendRaw(
      gateway.port,
      `${get('GetCACaps')}\r\n${get('Nonsense')}\r\n${get('GetCACaps')}Connection: close\r\n\r\n`,
    );
    expect(answers.match(/^HTTP\/1\.1 \d+/gm)).toEqual([
      'HTTP/1.1 200',
      'HTTP/1.1 400',
      'HTTP/1.1 200',
    ]);
  });

  test('a message in chunks of one octet', async () => {
    const message = await make.message();
    const chunks = Array.from(message, (octet) => `1\r\n${String.fromCharCode(octet)}\r\n`).join(
      '',
    );
    const answer = await sendRaw(
      gateway.port,
      `POST ${operation} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  test('Expect: 100-continue', async () => {
    const message = await make.message();
    const socket = await connected();
    socket.write(
      `POST ${operation} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ${message.length}\r\n\r\n`,
    );
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString('latin1')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write(message);
    const [second] = (await once(socket, 'data')) as [Buffer];
    expect(second.toString('latin1')).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  test.each([
    ['two Content-Lengths', 'Content-Length: 5\r\nContent-Length: 6\r\n'],
    ['two equal Content-Lengths', 'Content-Length: 5\r\nContent-Length: 5\r\n'],
    ['a list of Content-Lengths', 'Content-Length: 5, 5\r\n'],
    ['Content-Length and chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'],
    ['chunks twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n'],
    ['an unknown transfer coding', 'Transfer-Encoding: xchunked\r\n'],
    ['a negative Content-Length', 'Content-Length: -1\r\n'],
    ['a Content-Length beyond all numbers', 'Content-Length: 99999999999999999999\r\n'],
    ['a blank before the colon', 'Content-Length : 5\r\n'],
    ['a folded header', 'X-A: 1\r\n Content-Length: 5\r\n'],
    ['a bare line feed', 'X-A: 1\nContent-Length: 5\r\n'],
  ])('%s: refused, and the connection ends', async (_name, headers) => {
    const answer = await sendRaw(
      gateway.port,
      `POST ${operation} HTTP/1.1\r\nHost: x\r\n${headers}\r\nhello` +
        `GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer.match(/^HTTP\/1\.1/gm)).toHaveLength(1);
    expect(answer).not.toContain('ok\n');
  });

  test.each([
    ['CONNECT', 'CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['NUL in the target', 'GET /scep\0 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['300,000 octets of header', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(300_000)}\r\n\r\n`],
  ])('%s: no answer but 4xx', async (_name, octets) => {
    const answer = await sendRaw(gateway.port, octets);
    if (answer !== '') expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    await expectService();
  });

  test.each(['%', '%zz', '%ff%fe', '%ed%a0%80', '..%2f..%2fetc', '%00', '//', '*', 'ü', '\u00ff'])(
    'a target with %j in it',
    async (text) => {
      for (const target of [
        `/${text}`,
        `/scep/${text}`,
        `/scep?operation=${text}`,
        `/scep?${text}`,
      ]) {
        const answer = await sendRaw(
          gateway.port,
          `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
        );
        expect([target, answer.slice(0, 12)]).toEqual([
          target,
          expect.stringMatching(/^HTTP\/1\.1 (200|40[04])/),
        ]);
      }
    },
  );
});

test('a flood of 2,000 operations: some are told to come again, none fails', async () => {
  const message = await make.message();
  expect(toldBy(await postMessage(gateway.port, message), gateway.ra)).toEqual(issued);
  const agent = new Agent({ keepAlive: true, maxSockets: 100 });
  const answers = await Promise.all(
    Array.from({ length: 2000 }, () => send(gateway.port, operation, { body: message, agent })),
  );
  agent.destroy();
  const counts = new Map<number, number>();
  for (const { status } of answers) counts.set(status, (counts.get(status) ?? 0) + 1);
  expect([...counts.keys()].sort()).toEqual([200, 503]);
  const overloaded = answers.filter(({ status }) => status === 503);
  expect(overloaded.every(({ headers }) => headers['retry-after'] === '5')).toBe(true);
  await expectService();
  expect(gateway.lines.filter(({ level }) => level === 'error')).toEqual([]);
}, 60_000);
