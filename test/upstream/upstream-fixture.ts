/** An upstream SCEP server on a socket, which can be made to fail in each way a server fails. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createCircuitBreaker, UpstreamHttp, UpstreamServer } from '../../src/upstream/index.js';
import { createWebClient } from '../../src/web-client/index.js';
import { adminPage, encodePage } from '../../src/ndes/index.js';
import { scenario, type Scenario } from '../scep/scenario.js';

/** What becomes of the next PKIOperations; everything else is answered. */
type Misbehaviour =
  | { readonly kind: 'none' }
  /** Takes the request, does what it asks for, and hangs up in the middle of the answer. */
  | { readonly kind: 'cut' }
  /** Does what it asks for and never answers. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string }
  | { readonly kind: 'body'; readonly body: Buffer };

export interface Upstream {
  readonly scenario: Scenario;
  readonly url: URL;
  readonly seen: { readonly method: string; readonly url: string; readonly body: Buffer }[];
  misbehaviour: Misbehaviour;
  /** Of GetCACaps and GetCACert; undefined: those of the scenario. */
  caps: string | undefined;
  caCert: Buffer | undefined;
  /** Of mscep_admin. */
  page: { status: number; body: Buffer };
  /** GetCACaps, GetCACert and the rest are not answered either. */
  dead: boolean;
  operations(): readonly string[];
  close(): Promise<void>;
}

export async function startUpstream(
  overrides: Parameters<typeof scenario>[0] = {},
): Promise<Upstream> {
  const s = await scenario(overrides);
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    void read(request).then((body) => answer(request, body, response));
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const upstream: Upstream = {
    scenario: s,
    url: new URL(`http://127.0.0.1:${port}/certsrv/mscep/mscep.dll/pkiclient.exe`),
    seen: [],
    misbehaviour: { kind: 'none' },
    caps: undefined,
    caCert: undefined,
    page: { status: 200, body: passwordPage('8CE317021F690069') },
    dead: false,
    operations: () =>
      upstream.seen.map(({ url }) => /operation=(\w+)/.exec(url)?.[1] ?? 'admin page'),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };

  async function answer(request: IncomingMessage, body: Buffer, response: ServerResponse) {
    const url = new URL(request.url ?? '/', upstream.url);
    upstream.seen.push({ method: request.method ?? '', url: request.url ?? '', body });
    if (upstream.dead) return void response.destroy();
    const operation = url.searchParams.get('operation');
    if (operation === null) {
      response.writeHead(upstream.page.status, { 'Content-Type': 'text/html' });
      return void response.end(upstream.page.body);
    }
    if (operation === 'PKIOperation') return pkiOperation(url, body, response);
    if (operation === 'GetCACaps' && upstream.caps !== undefined) {
      return void response.end(upstream.caps);
    }
    if (operation === 'GetCACert' && upstream.caCert) return void response.end(upstream.caCert);
    const own = await s.get(operation).catch(() => undefined);
    response.writeHead(own?.status ?? 400, { 'Content-Type': own?.contentType ?? 'text/plain' });
    response.end(own?.body);
  }

  async function pkiOperation(url: URL, body: Buffer, response: ServerResponse) {
    const { misbehaviour } = upstream;
    if (misbehaviour.kind === 'status') {
      const { status, retryAfter } = misbehaviour;
      response.writeHead(status, retryAfter === undefined ? {} : { 'Retry-After': retryAfter });
      return void response.end('an error page');
    }
    if (misbehaviour.kind === 'body') return void response.end(misbehaviour.body);
    const query = url.searchParams.get('message');
    const message = query === null ? body : Buffer.from(query, 'base64');
    const own = await s.post(message);
    if (misbehaviour.kind === 'silent') return;
    if (misbehaviour.kind === 'cut') {
      response.writeHead(200, { 'Content-Length': own.body.length });
      response.write(own.body.subarray(0, 100), () => response.destroy());
      return;
    }
    response.writeHead(own.status, { 'Content-Type': own.contentType });
    response.end(own.body);
  }

  return upstream;
}

function passwordPage(password: string): Buffer {
  const thumbprint = 'A656FA66AB12B433A2DA5CF7CC153D9A';
  return encodePage(adminPage({ kind: 'password', thumbprint, password, validityMinutes: 60 }));
}

export interface ReachOptions {
  readonly limits?: NonNullable<Parameters<typeof createWebClient>[0]['limits']>;
  readonly concurrent?: number;
  readonly failures?: number;
  readonly fingerprint?: string;
  readonly clock?: () => Date;
  readonly stopwatch?: () => number;
  readonly state?: Map<string, string>;
}

/** For an upstream that never answers: long enough for what it does answer on a busy machine. */
export const impatient = { limits: { answerMillis: 1000 } } as const;

/** The gateway's way to it, as the composition root makes it. */
export function reach(upstream: { readonly url: URL }, options: ReachOptions = {}) {
  const http = new UpstreamHttp({
    web: createWebClient({
      origin: upstream.url.origin,
      credentials: [],
      limits: {
        answerMillis: 10_000,
        totalMillis: 20_000,
        answerBytes: 65_536,
        ...options.limits,
      },
    }),
    breaker: createCircuitBreaker({
      failures: options.failures ?? 1000,
      pauseMillis: 2000,
      mostMillis: 60_000,
      trialMillis: 30_000,
      stopwatch: options.stopwatch ?? (() => 0),
    }),
    concurrent: options.concurrent ?? 8,
    name: 'issuer old-ndes',
  });
  const kept = options.state ?? new Map<string, string>();
  const notices: { kind: string; text: string }[] = [];
  const server = new UpstreamServer({
    name: 'old-ndes',
    url: upstream.url,
    http,
    caIdentifier: undefined,
    fingerprint: options.fingerprint,
    refreshMillis: 3_600_000,
    state: {
      get: (key) => Promise.resolve(kept.get(key)),
      set: (key, value) => Promise.resolve(void kept.set(key, value)),
    },
    clock: options.clock ?? (() => new Date()),
    report: (notice) => notices.push(notice),
  });
  return { http, server, notices, kept };
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
