import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createClientAddress, createProxyProtocol } from '../../src/access/index.js';
import type { ListenerTls, TlsIdentity } from '../../src/http/index.js';
import { rulesOf } from '../access/origins.js';
import { selfSigned } from '../support/certificates.js';
import { testKey, testKeyObject, type TestKeyName } from '../support/keys.js';
import { sendRaw } from './client.js';
import { startGateway, type Gateway, type GatewayOptions } from './gateway.js';

const request11 = 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

let first: TlsIdentity;
let second: TlsIdentity;
beforeAll(async () => {
  first = await identityOf('client', 'CN=first');
  second = await identityOf('client-p-256', 'CN=second');
});

let gateway: Gateway;
afterEach(() => gateway.close());

async function identityOf(name: TestKeyName, subject: string): Promise<TlsIdentity> {
  const certificate = await selfSigned(testKey(name), {
    subject,
    notBefore: new Date(Date.now() - 86_400_000),
    notAfter: new Date(Date.now() + 86_400_000),
  });
  const privateKey = testKeyObject(name).export({ format: 'pem', type: 'pkcs8' }).toString();
  return { certificateChain: certificate.toPem(), privateKey };
}

async function startTls(
  tls: Partial<ListenerTls> = {},
  options: GatewayOptions = {},
): Promise<number> {
  gateway = await startGateway({
    ...options,
    listener: {
      ...options.listener,
      tls: {
        identity: first,
        minVersion: 'TLSv1.2',
        asksForCertificate: false,
        handshakeMillis: 5000,
        ...tls,
      },
    },
  });
  return gateway.listener.port;
}

async function handshake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  await once(socket, 'secureConnect');
  return socket;
}

function subject(socket: TLSSocket): string {
  return String(socket.getPeerX509Certificate()?.subject);
}

describe('a TLS listener', () => {
  test('speaks HTTP/1.1 in TLS 1.2 and 1.3, and says so', async () => {
    const port = await startTls();
    expect(gateway.listener.url).toBe(`https://127.0.0.1:${port}`);
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await handshake(port, {
        minVersion: version,
        maxVersion: version,
        ALPNProtocols: ['h2', 'http/1.1'],
      });
      expect(socket.getProtocol()).toBe(version);
      expect(socket.alpnProtocol).toBe('http/1.1');
      socket.write(request11);
      expect((await text(socket)).split('\r\n')[0]).toBe('HTTP/1.1 200 OK');
    }
  });

  test('minVersion TLSv1.3 refuses 1.2, and 1.1 is never spoken', async () => {
    const port = await startTls({ minVersion: 'TLSv1.3' });
    await expect(handshake(port, { maxVersion: 'TLSv1.2' })).rejects.toMatchObject({
      code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    });
    const old = handshake(port, {
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    await expect(old).rejects.toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
  });

  test('a protocol it does not speak is refused by name', async () => {
    const port = await startTls();
    await expect(handshake(port, { ALPNProtocols: ['h2'] })).rejects.toMatchObject({
      code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
    });
  });

  test('a new certificate is for new connections; open ones go on', async () => {
    const port = await startTls();
    const before = await handshake(port);
    gateway.listener.renewIdentity(second);
    const after = await handshake(port);
    expect([before, after].map(subject)).toEqual(['CN=first', 'CN=second']);
    before.write(request11);
    expect((await text(before)).split('\r\n')[0]).toBe('HTTP/1.1 200 OK');
    after.destroy();
  });

  test('asks for certificates only where it is told to', async () => {
    const shown = { key: first.privateKey, cert: first.certificateChain };
    const port = await startTls({ asksForCertificate: true });
    const socket = await handshake(port, shown);
    socket.write(request11);
    expect((await text(socket)).split('\r\n')[0]).toBe('HTTP/1.1 200 OK');
    const none = await handshake(port);
    none.write(request11);
    expect((await text(none)).split('\r\n')[0]).toBe('HTTP/1.1 200 OK');
  });

  test('with client certificates no session is resumed', async () => {
    const port = await startTls({ asksForCertificate: true });
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const one = await handshake(port, { maxVersion });
      const session = once(one, 'session').then(([ticket]) => ticket as Buffer);
      one.write(request11);
      await text(one);
      const known = await Promise.race([session, Promise.resolve(one.getSession())]);
      const again = await handshake(port, { maxVersion, session: known });
      expect(again.isSessionReused()).toBe(false);
      again.destroy();
    }
  });
});

describe('what is no TLS', () => {
  test('plain HTTP gets no answer, and the next client is served', async () => {
    const port = await startTls();
    const got = await new Promise<string>((resolve) => {
      get({ port, host: '127.0.0.1', path: '/healthz' }, (answer: IncomingMessage) =>
        resolve(String(answer.statusCode)),
      ).once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    });
    expect(got).toBe('ECONNRESET');
    const socket = await handshake(port);
    socket.write(request11);
    expect((await text(socket)).split('\r\n')[0]).toBe('HTTP/1.1 200 OK');
  });

  test('garbage is cut off', async () => {
    const port = await startTls();
    expect(await sendRaw(port, '\0\0\0\0garbage').catch(() => '')).not.toContain('HTTP');
    expect(await sendRaw(port, '\x16\x03\x01\xff\xff').catch(() => '')).not.toContain('HTTP');
  }, 10_000);

  test('who never says anything is cut off in time', async () => {
    const port = await startTls({ handshakeMillis: 200 });
    const socket = connectPlain(port, '127.0.0.1');
    await once(socket, 'close');
    expect(socket.bytesRead).toBe(0);
  });

  test('TLS to a plain listener is a bad request', async () => {
    gateway = await startGateway();
    await expect(handshake(gateway.listener.port)).rejects.toThrow('wrong version number');
    const answer = await sendRaw(
      gateway.listener.port,
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    );
    expect(answer.split('\r\n')[0]).toBe('HTTP/1.1 400 Bad Request');
  });
});

describe('closing', () => {
  test('a request that is being answered gets its answer, with Connection: close', async () => {
    let release: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (release = resolve));
    let finish: () => void = () => undefined;
    const port = await startTls(
      {},
      {
        scep: async () => {
          release();
          await new Promise<void>((resolve) => (finish = resolve));
          return { status: 200, contentType: 'text/plain', body: Buffer.from('late') };
        },
      },
    );
    const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      request({ port, host: '127.0.0.1', path: '/scep?operation=GetCACaps', agent }, resolve)
        .once('error', reject)
        .end();
    });
    await asked;
    const closed = gateway.listener.close(5000);
    setTimeout(finish, 300);
    const { headers, statusCode } = await answer;
    expect([statusCode, headers.connection]).toEqual([200, 'close']);
    await text(await answer);
    await closed;
    agent.destroy();
  });

  test('a request that takes longer than the grace is cut off, and its log line is written', async () => {
    let release: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (release = resolve));
    const port = await startTls(
      {},
      {
        scep: () => {
          release();
          return new Promise(() => undefined);
        },
      },
    );
    const socket = await handshake(port);
    socket.on('error', () => undefined);
    socket.write('GET /scep?operation=GetCACaps HTTP/1.1\r\nHost: x\r\n\r\n');
    await asked;
    await gateway.listener.close(100);
    expect(gateway.lines.at(-1)).toMatchObject({ message: 'request', fields: { aborted: true } });
  });

  test('nobody who only connected, or is stuck in a handshake, delays it for long', async () => {
    const port = await startTls({ handshakeMillis: 60_000 });
    const idle = await handshake(port);
    const stuck = connectPlain(port, '127.0.0.1');
    stuck.on('error', () => undefined);
    idle.on('error', () => undefined);
    await once(stuck, 'connect');
    const gone = Promise.all([once(idle, 'close'), once(stuck, 'close')]);
    await gateway.listener.close(1000);
    await gone;
  });
});

describe('PROXY protocol before TLS', () => {
  async function startProxied(): Promise<number> {
    const trustedProxies = rulesOf('127.0.0.1');
    const protocol = createProxyProtocol({ versions: [1, 2], trustedProxies });
    return startTls(
      {},
      {
        listener: {
          proxyProtocol: protocol,
          clientAddress: createClientAddress({
            trustedProxies,
            source: { kind: 'proxy-protocol', protocol },
            requiredHeaders: [],
          }),
        },
      },
    );
  }
  const line = 'PROXY TCP4 203.0.113.7 10.0.0.1 51234 443\r\n';

  test('the client it names is the client', async () => {
    const port = await startProxied();
    const raw = connectPlain(port, '127.0.0.1');
    raw.write(line);
    const socket = connect({ socket: raw, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    socket.write('GET /scep?operation=GetCACaps HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect((await text(socket)).split('\r\n')[0]).toBe('HTTP/1.1 200 OK');
    expect(gateway.requests.map(({ client }) => client.address)).toEqual(['203.0.113.7']);
  });

  test('also when it comes in one packet with the ClientHello', async () => {
    const port = await startProxied();
    const raw = connectPlain(port, '127.0.0.1');
    await once(raw, 'connect');
    raw.cork();
    raw.write(line);
    const socket = connect({ socket: raw, rejectUnauthorized: false });
    setImmediate(() => raw.uncork());
    await once(socket, 'secureConnect');
    socket.write(request11);
    expect((await text(socket)).split('\r\n')[0]).toBe('HTTP/1.1 200 OK');
  });

  test('TLS without it is cut off', async () => {
    const port = await startProxied();
    await expect(handshake(port)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});
