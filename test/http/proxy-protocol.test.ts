import { Agent, get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createClientAddress, createProxyProtocol } from '../../src/access/index.js';
import { rulesOf } from '../access/origins.js';
import { ipv6Addresses, version2 } from '../access/proxy-header.js';
import { send, sendRaw } from './client.js';
import { scepAnswer, startGateway, type Gateway, type GatewayOptions } from './gateway.js';

const path = '/scep?operation=GetCACaps';
const line = 'PROXY TCP4 203.0.113.7 10.0.0.1 51234 443\r\n';
const request = `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;

let gateway: Gateway;
afterEach(() => gateway.close());

async function startProxied(options: GatewayOptions = {}): Promise<number> {
  const trustedProxies = rulesOf('127.0.0.1');
  const protocol = createProxyProtocol({ versions: [1, 2], trustedProxies });
  gateway = await startGateway({
    ...options,
    listener: {
      proxyProtocol: protocol,
      clientAddress: createClientAddress({
        trustedProxies,
        source: { kind: 'proxy-protocol', protocol },
        requiredHeaders: [],
      }),
    },
  });
  return gateway.listener.port;
}

function clients(): string[] {
  return gateway.requests.map(({ client }) => client.address);
}

async function pause(millis: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, millis));
}

describe('the PROXY protocol', () => {
  test('version 1', async () => {
    const port = await startProxied();
    expect(await sendRaw(port, line + request)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(clients()).toEqual(['203.0.113.7']);
  });

  test('version 2 with IPv6', async () => {
    const port = await startProxied();
    const header = version2({ family: 0x21, rest: ipv6Addresses }).toString('latin1');
    expect(await sendRaw(port, header + request)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(clients()).toEqual(['2001:db8::7']);
  });

  test('cut anywhere into two packets, and octet by octet', async () => {
    const port = await startProxied();
    const octets = line + request;
    for (const cut of [1, 5, 6, line.length - 1, line.length, line.length + 1, octets.length - 1]) {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.write(octets.slice(0, cut));
      await pause(15);
      socket.write(octets.slice(cut));
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    }
    const slow = connect({ port, host: '127.0.0.1', noDelay: true });
    for (const octet of octets) {
      slow.write(octet);
      await pause(1);
    }
    expect(await text(slow)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(new Set(clients())).toEqual(new Set(['203.0.113.7']));
  });

  test('one header counts for every request of the connection', async () => {
    const port = await startProxied();
    const socket = connect(port, '127.0.0.1');
    socket.write(line);
    const agent = agentOver(socket);
    for (let round = 0; round < 3; round++) {
      const [response] = (await once(get({ agent, path, port }), 'response')) as [IncomingMessage];
      expect(await text(response)).toBe('CertRep');
    }
    agent.destroy();
    expect(clients()).toEqual(Array(3).fill('203.0.113.7'));
  });

  test('a body of many packets arrives whole', async () => {
    const port = await startProxied();
    const body = Buffer.alloc(50_000, 0x30);
    const head = `POST /scep?operation=PKIOperation HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`;
    expect(await sendRaw(port, line + head + body.toString('latin1'))).toMatch(/ 200 OK/);
    expect(gateway.requests[0]?.message).toEqual(body);
  });

  test.each([
    ['LOCAL', version2({ command: 0x20 }).toString('latin1')],
    ['UNKNOWN', 'PROXY UNKNOWN\r\n'],
  ])('%s names nobody', async (_, header) => {
    const port = await startProxied();
    expect(await sendRaw(port, header + request)).toMatch(/ 200 OK/);
    expect(clients()).toEqual(['undetermined (peer 127.0.0.1)']);
  });

  test('headers of HTTP beside it are not read', async () => {
    const port = await startProxied();
    const forged = request.replace('Host: x', 'Host: x\r\nX-Forwarded-For: 198.51.100.1');
    await sendRaw(port, line + forged);
    expect(clients()).toEqual(['203.0.113.7']);
  });

  test.each([
    ['plain HTTP from the proxy', request],
    ['a broken line', `PROXY TCP4 066.208.14.206 10.0.0.1 1 2\r\n${request}`],
    ['a line without end', `PROXY TCP4 ${'1'.repeat(300)}`],
    ['version 2 of an unknown kind', version2({ command: 0x3f }).toString('latin1') + request],
  ])('%s is cut off without an answer', async (_, octets) => {
    const port = await startProxied();
    expect(await sendRaw(port, octets).catch(() => '')).toBe('');
    expect(gateway.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
      'warn connection refused',
    ]);
    expect(gateway.requests).toEqual([]);
  });

  test('two headers are one too many: what follows the first is no HTTP', async () => {
    const port = await startProxied();
    expect(await sendRaw(port, line + line + request)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  });

  test('who is no proxy is served without, and its PROXY line is no HTTP', async () => {
    const port = await startProxied();
    expect((await send(port, path, { localAddress: '127.0.0.2' })).status).toBe(200);
    expect(clients()).toEqual(['127.0.0.2']);
    const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    socket.write(line + request);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  });
});

describe('the listener below it', () => {
  const timeouts = { headersMillis: 300, requestMillis: 400, keepAliveMillis: 200 };

  test('waits so long for a PROXY header, and no longer', async () => {
    const port = await startProxied({ timeouts });
    const socket = connect(port, '127.0.0.1');
    socket.write('PROXY TCP4 ');
    expect(await text(socket).catch(() => '')).toBe('');
    expect(gateway.lines[0]?.fields['reason']).toBe('no PROXY header came in time');
  });

  test('keeps the time limits of HTTP behind the header', async () => {
    const port = await startProxied({ timeouts });
    expect(await sendRaw(port, `${line}GET / HTTP/1.1\r\nHost: x\r\nX-Slow: `)).toMatch(
      /^HTTP\/1\.1 408 Request Timeout\r\n/,
    );
  });

  test('closes a connection that idles after an answer', async () => {
    const port = await startProxied({ timeouts });
    expect(await sendRaw(port, line + request.replace('Connection: close\r\n', ''))).toMatch(
      /^HTTP\/1\.1 200 OK\r\n/,
    );
  });

  test('a client that leaves before or in its header leaves nothing behind', async () => {
    const port = await startProxied();
    for (const octets of ['', 'PROXY TC']) {
      const socket = connect(port, '127.0.0.1');
      socket.end(octets);
      await once(socket.resume(), 'close');
    }
    const socket = connect(port, '127.0.0.1');
    socket.write('PROXY');
    await pause(20);
    socket.resetAndDestroy();
    await pause(20);
    expect(gateway.lines).toEqual([]);
    expect(await sendRaw(port, line + request)).toMatch(/ 200 OK/);
  });

  test('close ends what waits in or behind its header, and lets requests finish', async () => {
    let answerNow: () => void = () => undefined;
    const port = await startProxied({
      scep: async () => {
        await new Promise<void>((resolve) => (answerNow = resolve));
        return scepAnswer;
      },
    });
    const waiting = ['', 'PROXY TCP4', line].map(async (octets) => {
      const socket = connect(port, '127.0.0.1');
      socket.write(octets);
      await once(socket.resume(), 'close').catch(() => undefined);
    });
    const inFlight = sendRaw(port, line + request);
    while (gateway.requests.length === 0) await pause(5);
    const closed = gateway.listener.close(60_000);
    await Promise.all(waiting);
    answerNow();
    expect(await inFlight).toMatch(/ 200 OK/);
    await closed;
    gateway = await startGateway();
  });
});

function agentOver(socket: Socket): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agent.createConnection = () => socket;
  return agent;
}
