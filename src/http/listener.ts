/** One TCP listener: HTTP/1.0 and 1.1, with limits that hold before a request is looked at. */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate, setTimeout as pause } from 'node:timers/promises';
import type { ClientAddressResolver, ProxyProtocol } from '../access/index.js';
import { GatewayError } from '../errors/index.js';
import type { Log } from '../telemetry/index.js';
import type { HttpApp } from './app.js';
import { guardConnections, type ProxyGate } from './proxy-gate.js';

export interface ListenerTimeouts {
  readonly headersMillis: number;
  readonly requestMillis: number;
  readonly keepAliveMillis: number;
}

export interface Listener {
  /** `http://127.0.0.1:8080`, with the port that was really taken. */
  readonly url: string;
  readonly port: number;
  /** Accepts no more, lets what is in flight finish for so long, then cuts it off. */
  close(graceMillis: number): Promise<void>;
}

/** Keep-alive outlives the 60 s of common load balancers, so that they close first. */
const usualTimeouts: ListenerTimeouts = {
  headersMillis: 20_000,
  requestMillis: 60_000,
  keepAliveMillis: 65_000,
};

/** A PROXY header travels in the first packet. */
const proxyHeaderMillis = 5000;

/**
 * @param address `host:port`, `[ipv6]:port`; port 0 takes any
 * @throws GatewayError `config.invalid` when the address cannot be listened on
 */
export async function createListener(
  app: HttpApp,
  address: string,
  options: {
    /** Largest pkiMessage, octets: by GET it travels in the request line. */
    readonly messageBytes: number;
    readonly log: Log;
    readonly timeouts?: ListenerTimeouts;
    /** Default: that of the application. */
    readonly clientAddress?: ClientAddressResolver;
    readonly proxyProtocol?: ProxyProtocol | undefined;
  },
): Promise<Listener> {
  const { messageBytes, log, timeouts = usualTimeouts, clientAddress, proxyProtocol } = options;
  const server = createServer(
    {
      maxHeaderSize: headerBytes(messageBytes),
      headersTimeout: timeouts.headersMillis,
      requestTimeout: timeouts.requestMillis,
      keepAliveTimeout: timeouts.keepAliveMillis,
      connectionsCheckingInterval: Math.min(5000, timeouts.headersMillis),
      ...app.messageClasses,
    },
    (request, response) => app.handle(request, response, clientAddress),
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    log.debug('connection refused', { code: error.code, address: socket.remoteAddress });
    answerBrokenRequest(error.code, socket);
  });
  const gate =
    proxyProtocol &&
    guardConnections(server, proxyProtocol, {
      millis: Math.min(proxyHeaderMillis, timeouts.headersMillis),
      log,
    });
  const open = watchOpenWork(server, gate);
  await listen(server, address);
  server.on('error', (error) => log.error('listener failed', { error: error.message }));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${address.slice(0, address.lastIndexOf(':'))}:${port}`,
    port,
    close: (graceMillis) => close(server, open, graceMillis),
  };
}

/** Base64 of the largest message with every character percent-encoded, and 32 KiB for the rest. */
function headerBytes(messageBytes: number): number {
  return messageBytes * 4 + 32 * 1024;
}

async function listen(server: Server, address: string): Promise<void> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  server.listen({ host, port: Number(address.slice(colon + 1)) });
  try {
    await once(server, 'listening');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new GatewayError(
      'config.invalid',
      `The gateway cannot listen on ${address} (${code ?? 'unknown reason'}).`,
      { mend: 'Choose another address, or stop what uses it.', cause },
    );
  }
}

/** What is open on a server, for a close that cuts nobody off. */
interface OpenWork {
  readonly sockets: ReadonlySet<Socket>;
  /** Nothing of a request has come. */
  isSilent(socket: Socket): boolean;
  /** How many were accepted so far. */
  accepted(): number;
  /** From now on every answer says that its connection ends. */
  lastAnswers(): void;
}

function watchOpenWork(server: Server, gate: ProxyGate | undefined): OpenWork {
  const sockets = new Set<Socket>();
  const responses = new Set<ServerResponse>();
  let accepted = 0;
  let last = false;
  server.on('connection', (socket: Socket) => {
    accepted++;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.prependListener('request', (_request, response) => {
    if (last) response.shouldKeepAlive = false;
    responses.add(response);
    response.once('close', () => responses.delete(response));
  });
  return {
    sockets,
    isSilent: (socket) => socket.bytesRead <= (gate?.headerOctets(socket) ?? 0),
    accepted: () => accepted,
    lastAnswers() {
      last = true;
      for (const response of responses) response.shouldKeepAlive = false;
    },
  };
}

/** Long enough for a request that was sent before the sender could know. */
const lullMillis = 250;

/**
 * A connection that is closed while a request travels on it is reset, and node closes what it takes for
 * idle at once. So for a moment everybody is answered with `Connection: close`, and who still holds a
 * connection afterwards sends nothing on it.
 */
async function close(server: Server, open: OpenWork, graceMillis: number): Promise<void> {
  open.lastAnswers();
  if (graceMillis > lullMillis && open.sockets.size > 0) await pause(lullMillis);
  await quietTurn(open);
  const closed = once(server, 'close');
  server.close();
  const sweep = setInterval(() => {
    server.closeIdleConnections();
    // Load balancers connect in advance; node does not count what never sent a request as idle.
    for (const socket of open.sockets) if (open.isSilent(socket)) socket.destroy();
  }, 50);
  const cut = setTimeout(() => server.closeAllConnections(), graceMillis);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
}

/**
 * Who has connected and was not accepted yet is reset by a close: so it comes right after a turn of the
 * event loop that took next to no time and accepted nobody.
 */
async function quietTurn(open: OpenWork): Promise<void> {
  for (let turns = 0; turns < 500; turns++) {
    const before = { accepted: open.accepted(), at: performance.now() };
    await setImmediate();
    if (open.accepted() === before.accepted && performance.now() - before.at < 0.5) return;
  }
}

/** What arrives too broken for a request object is answered here, by hand. */
function answerBrokenRequest(code: string | undefined, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = brokenRequestStatus(code);
  const text = `${status}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\n` +
      `Connection: close\r\nX-Content-Type-Options: nosniff\r\n\r\n${text}`,
  );
}

function brokenRequestStatus(code: string | undefined): string {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return '431 Request Header Fields Too Large';
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return '413 Content Too Large';
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return '408 Request Timeout';
    default:
      return '400 Bad Request';
  }
}
