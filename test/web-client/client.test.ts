import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { GatewayError } from '../../src/errors/index.js';
import { tlsServerEndPoint } from '../../src/ntlm/channel-binding/index.js';
import {
  createWebClient,
  type GssInitiator,
  type GssInitiators,
  type GssTarget,
  type WebClient,
  type WebClientOptions,
  type WebCredential,
  type WebOutcome,
  type WebRequest,
  type WebTls,
} from '../../src/web-client/index.js';
import {
  ntlmHandler,
  offer,
  startUpstream,
  tlsIdentity,
  type Handler,
  type Upstream,
} from './upstream.js';

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const basic: WebCredential = { kind: 'basic', user: 'svc', password: 'right', withoutTls: true };
const ntlm: WebCredential = { kind: 'ntlm', user: 'svc', domain: 'LAB', password: 'right' };
const get: WebRequest = { method: 'GET', path: '/certsrv/certnew.cer?ReqID=7&Enc=bin' };
const post: WebRequest = {
  method: 'POST',
  path: '/certsrv/certfnsh.asp',
  body: Buffer.from('CSR'),
};
const ok: Handler = (request, response, body) =>
  void response.end(`${request.method ?? ''} ${body.toString()}`);

async function upstream(...args: Parameters<typeof startUpstream>): Promise<Upstream> {
  const started = await startUpstream(...args);
  cleanups.push(() => started.close());
  return started;
}

function client(
  origin: string,
  credentials: readonly WebCredential[],
  more: Partial<WebClientOptions> = {},
): WebClient {
  const made = createWebClient({ origin, credentials, ...more });
  cleanups.push(() => made.close());
  return made;
}

/** A server that treats each connection by hand. */
async function rawServer(onConnection: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function text(outcome: WebOutcome): string {
  return outcome.kind === 'answered'
    ? `${outcome.status} ${outcome.body.toString()}`
    : `${outcome.kind} ${'phase' in outcome ? outcome.phase : String(outcome.scheme)}`;
}

describe('without credentials', () => {
  test('an answer comes with status, headers and body, on one kept connection', async () => {
    const server = await upstream((_, response, body) => {
      response.writeHead(302, { Location: 'https://elsewhere.example/' }).end(body);
    });
    const web = client(server.origin, []);
    for (const request of [get, post]) {
      const outcome = await web.send(request);
      expect(outcome).toMatchObject({
        kind: 'answered',
        status: 302,
        headers: { location: 'https://elsewhere.example/' },
      });
    }
    expect(server.seen).toMatchObject([
      { connection: 1, method: 'GET', url: get.path, scheme: 'none', body: '' },
      { connection: 1, method: 'POST', url: post.path, scheme: 'none', body: 'CSR' },
    ]);
  });

  test('a 401 is a refused login that says what is offered', async () => {
    const server = await upstream((_, response) =>
      offer(response, 'Negotiate', 'NTLM', 'Basic realm="a, b"'),
    );
    expect(await client(server.origin, []).send(get)).toMatchObject({
      kind: 'login-refused',
      scheme: undefined,
      offered: ['negotiate', 'ntlm', 'basic'],
    });
  });
});

describe('Basic', () => {
  test('goes along at once where it is all there is', async () => {
    const server = await upstream((request, response, body) => {
      expect(request.headers.authorization).toBe('Basic c3ZjOnJpZ2h0');
      response.end(body);
    });
    expect(text(await client(server.origin, [basic]).send(post))).toBe('200 CSR');
    expect(server.seen).toHaveLength(1);
  });

  test('that is refused says so, without the password', async () => {
    const server = await upstream((_, response) => offer(response, 'Basic realm="ca1"'));
    const outcome = await client(server.origin, [basic]).send(post);
    expect(outcome).toMatchObject({ kind: 'login-refused', scheme: 'basic', offered: ['basic'] });
    expect(JSON.stringify(outcome)).not.toMatch(/right|c3Zj/);
  });

  test('is never sent over plain http unasked', () => {
    const credential: WebCredential = { kind: 'basic', user: 'svc', password: 'right' };
    expect(() => createWebClient({ origin: 'http://ca1', credentials: [credential] })).toThrow(
      GatewayError,
    );
  });
});

describe('NTLM', () => {
  test('keeps the body back until the last leg, on one connection, and stays signed in', async () => {
    const server = await upstream(ntlmHandler(ok));
    const web = client(server.origin, [ntlm]);
    expect(text(await web.send(post))).toBe('200 POST CSR');
    expect(text(await web.send(post))).toBe('200 POST CSR');
    expect(server.seen).toMatchObject([
      { connection: 1, scheme: 'NTLM', body: '' },
      { connection: 1, scheme: 'NTLM', body: 'CSR' },
      { connection: 1, scheme: 'none', body: 'CSR' },
    ]);
  });

  test('speaks as Negotiate where only that is offered', async () => {
    const server = await upstream(ntlmHandler(ok, { scheme: 'Negotiate' }));
    expect(text(await client(server.origin, [ntlm]).send(post))).toBe('200 POST CSR');
    expect(server.seen.map(({ scheme }) => scheme)).toEqual(['NTLM', 'Negotiate', 'Negotiate']);
  });

  test('signs in again when the server has forgotten', async () => {
    let forget = false;
    const handler = ntlmHandler(ok);
    const server = await upstream((request, response, body) => {
      if (forget && request.headers.authorization === undefined) offer(response, 'NTLM');
      else return handler(request, response, body);
    });
    const web = client(server.origin, [ntlm]);
    await web.send(post);
    forget = true;
    expect(text(await web.send(post))).toBe('200 POST CSR');
    expect(server.seen).toHaveLength(5);
  });

  test('with a wrong password is refused', async () => {
    const server = await upstream(ntlmHandler(ok, { password: 'another' }));
    expect(await client(server.origin, [ntlm]).send(post)).toMatchObject({
      kind: 'login-refused',
      scheme: 'ntlm',
      offered: ['ntlm'],
    });
    expect(server.seen.at(-1)?.connection).toBe(1);
  });

  test('is not begun where the server ends each connection', async () => {
    const handler = ntlmHandler(ok);
    const server = await upstream((request, response, body) => {
      response.setHeader('Connection', 'close');
      return handler(request, response, body);
    });
    expect(text(await client(server.origin, [ntlm]).send(post))).toBe('unreachable sign-in');
    expect(server.seen.map(({ body }) => body)).toEqual(['']);
  });

  test.each(['TlRMTVNTUAACAAAA', 'AAAA', 'TlRMTVNTUAABAAAAB4IIAAAAAAAAAAAAAAAAAAAAAAA='])(
    'with a challenge that cannot be read (%s) sends nothing more',
    async (token) => {
      const server = await upstream((_, response) => offer(response, `NTLM ${token}`));
      expect(text(await client(server.origin, [ntlm]).send(post))).toBe('unreachable sign-in');
      expect(server.seen).toHaveLength(1);
    },
  );

  test('to a server that wants no sign-in: its answer, with the body', async () => {
    const server = await upstream(ok);
    expect(text(await client(server.origin, [ntlm]).send(post))).toBe('200 POST CSR');
    expect(text(await client(server.origin, [ntlm]).send(get))).toBe('200 GET ');
  });
});

describe('several credentials', () => {
  test('the strongest that is offered is used, and remembered', async () => {
    const inside = ntlmHandler(ok);
    const server = await upstream((request, response, body) => {
      if (request.headers.authorization === undefined) offer(response, 'Basic', 'NTLM');
      else return inside(request, response, body);
    });
    const web = client(server.origin, [basic, ntlm]);
    await web.send(post);
    expect(server.seen.map(({ scheme, body }) => [scheme, body])).toEqual([
      ['none', ''],
      ['NTLM', ''],
      ['NTLM', 'CSR'],
    ]);
  });

  test('what is no longer offered gives way to what is', async () => {
    let offered = 'Basic realm="x"';
    const inside = ntlmHandler(ok);
    const server = await upstream((request, response, body) => {
      const { authorization = '' } = request.headers;
      if (offered.startsWith('Basic') && authorization.startsWith('Basic'))
        response.end('by basic');
      else if (offered === 'NTLM' && authorization.startsWith('NTLM')) {
        return inside(request, response, body);
      } else offer(response, offered);
    });
    const web = client(server.origin, [basic, ntlm]);
    expect(text(await web.send(post))).toBe('200 by basic');
    offered = 'NTLM';
    expect(text(await web.send(post))).toBe('200 POST CSR');
  });

  test('none that is offered: refused, and nothing was tried', async () => {
    const server = await upstream((_, response) => offer(response, 'Digest realm="x", qop="auth"'));
    expect(await client(server.origin, [basic, ntlm]).send(post)).toMatchObject({
      kind: 'login-refused',
      scheme: undefined,
      offered: ['digest'],
    });
    expect(server.seen.map(({ scheme }) => scheme)).toEqual(['none']);
  });
});

describe('Negotiate', () => {
  /** Plays libgssapi: each step takes from the list. */
  function initiators(...tokens: (string | undefined | GatewayError)[]) {
    const calls: (string | undefined)[] = [];
    const targets: GssTarget[] = [];
    let closed = 0;
    const initiator: GssInitiator = {
      step(token) {
        calls.push(token?.toString());
        const next = tokens.shift();
        if (next instanceof GatewayError) throw next;
        return next === undefined ? undefined : Buffer.from(next);
      },
      close: () => {
        closed += 1;
      },
    };
    const create = (target: GssTarget) => {
      targets.push(target);
      return initiator;
    };
    return { calls, targets, closed: () => closed, credential: credentialOf({ create }) };
  }

  function credentialOf(made: GssInitiators): WebCredential {
    return { kind: 'negotiate', initiators: made };
  }

  test('goes along with the body, and judges the last token', async () => {
    const server = await upstream((_, response, body) => {
      response.setHeader('WWW-Authenticate', `Negotiate ${Buffer.from('last').toString('base64')}`);
      response.end(body);
    });
    const gss = initiators('first', undefined);
    expect(text(await client(server.origin, [gss.credential]).send(post))).toBe('200 CSR');
    expect(gss.targets).toEqual([{ spn: 'HTTP/127.0.0.1', channelBinding: undefined }]);
    expect(gss.calls).toEqual([undefined, 'last']);
    expect(gss.closed()).toBe(1);
  });

  test('takes more legs where the server wants them', async () => {
    let legs = 0;
    const server = await upstream((request, response, body) => {
      expect(request.headers.authorization).toBe(
        `Negotiate ${Buffer.from(legs === 0 ? 'one' : 'two').toString('base64')}`,
      );
      if (legs++ === 0) offer(response, `Negotiate ${Buffer.from('more').toString('base64')}`);
      else response.end(body);
    });
    const gss = initiators('one', 'two');
    expect(text(await client(server.origin, [gss.credential]).send(post))).toBe('200 CSR');
    expect(gss.calls).toEqual([undefined, 'more']);
  });

  test('without a ticket sends nothing and says why', async () => {
    const server = await upstream(ok);
    const fault = new GatewayError('upstream.unavailable', 'The KDC cannot be reached.');
    const gss = initiators(fault);
    expect(await client(server.origin, [gss.credential]).send(post)).toEqual({
      kind: 'unreachable',
      phase: 'sign-in',
      reason: 'The KDC cannot be reached.',
    });
    expect([server.seen.length, gss.closed()]).toEqual([0, 1]);
  });

  test('that the KDC refuses is a refused login: repeated, it would lock the account', async () => {
    const server = await upstream(ok);
    const gss = initiators(new GatewayError('kerberos.refused', 'The KDC refuses the key.'));
    expect(await client(server.origin, [gss.credential]).send(post)).toEqual({
      kind: 'login-refused',
      scheme: 'negotiate',
      offered: [],
      reason: 'The KDC refuses the key.',
    });
    expect(server.seen).toHaveLength(0);
  });

  test('a connection that is gone while a ticket is fetched: nothing was sent, nobody waits', async () => {
    let gone: Promise<unknown> | undefined;
    const origin = await rawServer((socket) => {
      socket.end();
      gone = new Promise((resolve) => socket.once('close', resolve));
      socket.resume();
    });
    const slow: GssInitiators = {
      create: () => ({
        async step() {
          await gone;
          // The other side has heard of it, too.
          await new Promise((resolve) => setTimeout(resolve, 50));
          return Buffer.from('ticket');
        },
        close: () => undefined,
      }),
    };
    const slowly = client(origin, [credentialOf(slow)], {
      connections: 1,
      limits: { answerMillis: 2000, totalMillis: 4000 },
    });
    for (let times = 0; times < 3; times++) {
      expect(await slowly.send(post)).toMatchObject({ kind: 'unreachable', phase: 'sign-in' });
    }
  });

  test('that the server refuses is a refused login', async () => {
    const server = await upstream((_, response) => offer(response, 'Negotiate'));
    const gss = initiators('ticket');
    expect(await client(server.origin, [gss.credential]).send(post)).toMatchObject({
      kind: 'login-refused',
      scheme: 'negotiate',
    });
  });

  test('whose last token is wrong leaves the outcome unknown', async () => {
    const server = await upstream((_, response) => {
      response.setHeader('WWW-Authenticate', 'Negotiate AAAA').end();
    });
    const gss = initiators('ticket', new GatewayError('upstream.unavailable', 'Not the server.'));
    expect(text(await client(server.origin, [gss.credential]).send(post))).toBe('unknown answer');
  });
});

describe('TLS', () => {
  test('NTLM carries the binding of the certificate, which the server may require', async () => {
    const { certificate, options } = await tlsIdentity();
    const applicationData = tlsServerEndPoint(certificate.der)!;
    const channel = { kind: 'tls', applicationData, required: true } as const;
    const server = await upstream(ntlmHandler(ok, { channel }), options);
    const pins = [certificate.thumbprints.sha256];
    const web = client(server.origin, [ntlm], { tls: { pins } });
    expect(text(await web.send(post))).toBe('200 POST CSR');
  });

  test('another certificate than the pinned one gets nothing', async () => {
    const { options } = await tlsIdentity();
    const server = await upstream(ok, options);
    const outcome = await client(server.origin, [], { tls: { pins: ['00'.repeat(32)] } }).send(
      post,
    );
    expect(outcome).toMatchObject({ kind: 'unreachable', phase: 'connect' });
    expect(JSON.stringify(outcome)).toContain('is not the pinned one');
    expect(server.seen).toEqual([]);
  });

  test('a CA that is not trusted gets nothing, and is named as the reason', async () => {
    const { options } = await tlsIdentity();
    const server = await upstream(ok, options);
    expect(await client(server.origin, []).send(post)).toEqual({
      kind: 'unreachable',
      phase: 'connect',
      reason: `127.0.0.1:${server.port}: the certificate of the server is self-signed and not trusted`,
    });
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'a client certificate signs in, and its lack is a refused login (%s)',
    async (maximum) => {
      const { certificate, options } = await tlsIdentity();
      const server = await upstream(
        (request, response) => {
          const shown = (request.socket as unknown as { authorized: boolean }).authorized;
          response.end(String(shown));
        },
        { ...options, requestCert: true, rejectUnauthorized: true, ca: options.cert },
      );
      const pins = [certificate.thumbprints.sha256];
      const clientCertificate: NonNullable<WebTls['clientCertificate']> = {
        certificate: options.cert,
        key: options.key as string,
      };
      const with_ = client(server.origin, [], { tls: { pins, clientCertificate, maximum } });
      expect(text(await with_.send(post))).toBe('200 true');
      const without = client(server.origin, [], { tls: { pins, maximum } });
      expect(await without.send(post)).toMatchObject(
        maximum === 'TLSv1.3'
          ? { kind: 'login-refused', scheme: 'client-certificate' }
          : {
              kind: 'unreachable',
              reason: expect.stringContaining('may want a client certificate'),
            },
      );
      expect(server.seen).toHaveLength(1);
    },
  );
});

describe('what may have reached the server', () => {
  test('nothing, when there is no server', async () => {
    const origin = await rawServer(() => undefined);
    for (const cleanup of cleanups.splice(0)) await cleanup();
    expect(await client(origin, [ntlm]).send(post)).toEqual({
      kind: 'unreachable',
      phase: 'connect',
      reason: `${origin.slice(7)}: nothing listens there, or a firewall refuses`,
    });
  });

  test('nothing of a POST, when the connection is lost before the body', async () => {
    const origin = await rawServer((socket) => {
      socket.once('data', () => socket.destroy());
    });
    expect(text(await client(origin, [ntlm]).send(post))).toBe('unreachable sign-in');
    expect(text(await client(origin, [basic, ntlm]).send(post))).toBe('unreachable sign-in');
  });

  test.each<[string, (socket: Socket) => void, string]>([
    ['cuts the connection off', (socket) => socket.destroy(), 'unknown answer'],
    ['speaks no HTTP', (socket) => void socket.write('220 smtp\r\n'), 'unknown answer'],
    ['is silent', () => undefined, 'unknown answer'],
    [
      'ends in the middle of a body',
      (socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'),
      'unknown body',
    ],
    [
      'sends too much',
      (socket) =>
        void socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n${'x'.repeat(9999)}`),
      'unknown body',
    ],
  ])('all, when the server %s', async (_, treat, expected) => {
    const origin = await rawServer((socket) => socket.once('data', () => treat(socket)));
    const limits = { answerMillis: 500, answerBytes: 1000 };
    expect(text(await client(origin, [basic], { limits }).send(post))).toBe(expected);
    expect(text(await client(origin, [], { limits }).send(get))).toBe(expected);
  });

  test('all, when the last leg of NTLM is not answered', async () => {
    const handler = ntlmHandler((request) => void request.socket.destroy());
    const server = await upstream(handler);
    expect(text(await client(server.origin, [ntlm]).send(post))).toBe('unknown answer');
    expect(server.seen.at(-1)?.body).toBe('CSR');
  });
});

describe('time', () => {
  test.each([
    ['in its body', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\nx\r\n'],
    ['in its headers', 'HTTP/1.1 200 OK\r\n', 'X-Drip: 1\r\n'],
    ['before its status', '', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ])('of an answer that drips %s without end is limited', async (_, head, drip) => {
    const origin = await rawServer((socket) => {
      socket.write(head);
      const timer = setInterval(() => socket.write(drip), 20);
      socket.once('close', () => clearInterval(timer));
      socket.resume();
    });
    const dripped = client(origin, [], { limits: { answerMillis: 200, totalMillis: 400 } });
    expect(await dripped.send(post)).toMatchObject({ kind: 'unknown' });
    expect(await dripped.send(post)).toMatchObject({ kind: 'unknown' });
  });

  test('to connect is limited', async () => {
    // Accepts, and never answers the TLS handshake.
    const origin = await rawServer(() => undefined);
    const limits = { connectMillis: 50 };
    const web = client(origin.replace('http', 'https'), [], { limits });
    expect(await web.send(post)).toMatchObject({
      kind: 'unreachable',
      phase: 'connect',
      reason: `${origin.slice(7)}: no connection within 50 ms`,
    });
  });

  test('to wait for a connection is limited, and others get their turn', async () => {
    const held: (() => void)[] = [];
    const server = await upstream((_, response) => void held.push(() => response.end('done')));
    const web = client(server.origin, [], { connections: 1, limits: { totalMillis: 400 } });
    const first = web.send(get);
    const controller = new AbortController();
    const calledOff = web.send({ ...get, signal: controller.signal });
    const second = web.send(get);
    controller.abort();
    expect(text(await calledOff)).toBe('unreachable waiting');
    while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    held[0]?.();
    expect(text(await first)).toBe('200 done');
    while (held.length === 1) await new Promise((resolve) => setTimeout(resolve, 5));
    const late = web.send(get);
    // Nobody answers the second: its time runs out in the answer, that of the third while it waits or later.
    expect(text(await second)).toBe('unknown answer');
    expect((await late).kind).toMatch(/^un/);
  });

  test('an abort in the answer leaves the outcome unknown', async () => {
    const controller = new AbortController();
    const server = await upstream(() => controller.abort());
    const outcome = await client(server.origin, []).send({ ...post, signal: controller.signal });
    expect(outcome).toEqual({ kind: 'unknown', phase: 'answer', reason: 'it was called off' });
  });
});

test('a closed client sends nothing more', async () => {
  const server = await upstream(ok);
  const web = client(server.origin, []);
  await web.send(get);
  web.close();
  expect(text(await web.send(get))).toBe('unreachable waiting');
  expect(server.seen).toHaveLength(1);
});

test.each(['ca1', 'ftp://ca1', 'https://ca1/certsrv', 'https://user:secret@ca1', 'https://ca1/?a'])(
  '%s is no origin',
  (origin) => {
    expect(() => createWebClient({ origin, credentials: [] })).toThrow(GatewayError);
  },
);
