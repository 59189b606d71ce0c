/** One TCP listener: HTTP/1.0 and 1.1, with limits that hold before a request is looked at. */
import { once } from 'node:events';
import { createServer, type Server, type ServerOptions } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { ProxyProtocol } from '../access/index.js';
import { GatewayError } from '../errors/index.js';
import type { Log } from '../telemetry/index.js';
import type { CallerReading, HttpApp } from './app.js';
import { limitConnections } from './connection-limit.js';
import { countHeaders, withFewHeaders } from './header-count.js';
import { closeServer, watchOpenWork } from './open-work.js';
import { guardConnections } from './proxy-gate.js';
import { createTlsServer, isTlsFault, type ListenerTls, type TlsIdentity } from './tls-server.js';

export interface ListenerTimeouts {
  readonly headersMillis: number;
  readonly requestMillis: number;
  readonly keepAliveMillis: number;
}

export interface Listener {
  /** `https://127.0.0.1:8443`, with the port that was really taken. */
  readonly url: string;
  readonly port: number;
  /** Connections so far. */
  accepted(): number;
  /** For connections from now on. @throws TypeError unless the listener has TLS */
  renewIdentity(identity: TlsIdentity): void;
  /** From now on every answer ends its connection; connections are still accepted. */
  drain(): void;
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
    /** How many it holds; `refused` is told the address of each that got no place. Default: no bound. */
    readonly connections?: { readonly most: number; readonly refused: (address: string) => void };
    readonly timeouts?: ListenerTimeouts;
    readonly proxyProtocol?: ProxyProtocol | undefined;
    /** Without it the listener is plain HTTP. */
    readonly tls?: ListenerTls | undefined;
  } & CallerReading,
): Promise<Listener> {
  const { messageBytes, log, timeouts = usualTimeouts, proxyProtocol, tls, connections } = options;
  const httpOptions: ServerOptions = {
    maxHeaderSize: headerBytes(messageBytes),
    headersTimeout: timeouts.headersMillis,
    requestTimeout: timeouts.requestMillis,
    keepAliveTimeout: timeouts.keepAliveMillis,
    connectionsCheckingInterval: Math.min(5000, timeouts.headersMillis),
    ...app.messageClasses,
  };
  const handle = withFewHeaders(
    (request, response) => app.handle(request, response, options),
    (address) => log.debug('request refused: too many headers', { address }),
  );
  const secure = tls && createTlsServer(httpOptions, tls, handle);
  const server = secure?.server ?? createServer(httpOptions, handle);
  countHeaders(server);
  // Else node asks for the body, or answers 417, before the guard knows of the caller.
  server.on('checkContinue', (request, response) => server.emit('request', request, response));
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    log.debug('connection refused', { code: error.code, address: socket.remoteAddress });
    if (isTlsFault(error)) socket.destroy();
    else answerBrokenRequest(error.code, socket);
  });
  const gate =
    proxyProtocol &&
    guardConnections(server, proxyProtocol, {
      millis: Math.min(proxyHeaderMillis, timeouts.headersMillis),
      log,
    });
  const open = watchOpenWork(server, { gate, tls: secure !== undefined });
  if (connections) {
    limitConnections(server, connections.most, (peer) => {
      connections.refused(peer);
      log.debug('connection refused: too many', { address: peer });
    });
  }
  await listen(server, address);
  server.on('error', (error) => log.error('listener failed', { error: error.message }));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${secure ? 'https' : 'http'}://${address.slice(0, address.lastIndexOf(':'))}:${port}`,
    port,
    renewIdentity(identity) {
      if (!secure) throw new TypeError('the listener has no TLS');
      secure.renewIdentity(identity);
    },
    accepted: () => open.accepted(),
    drain: () => open.lastAnswers(),
    close: (graceMillis) => closeServer(server, open, graceMillis),
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
