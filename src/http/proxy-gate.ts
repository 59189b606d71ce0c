/** The PROXY header of a connection, read before HTTP (or TLS) sees its first octet. */
import type { Server, Socket } from 'node:net';
import type { ProxyProtocol } from '../access/index.js';
import type { Log } from '../telemetry/index.js';

export interface ProxyGate {
  /** Octets before the first request; Infinity while they have not all come. */
  headerOctets(socket: Socket): number;
}

/**
 * Stands before the server's own handlers of `connection`, so that everything else stays the server's:
 * its timeouts, its count of connections, TLS. A proxy that does not say whom it brings is cut off
 * without an answer; whoever is no trusted proxy is served as if there were no PROXY protocol.
 */
export function guardConnections(
  server: Server,
  protocol: ProxyProtocol,
  options: { readonly millis: number; readonly log: Log },
): ProxyGate {
  const octets = new WeakMap<Socket, number>();
  const served = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    if (protocol.expects(socket)) read(socket);
    else serve(socket);
  });

  function serve(socket: Socket): void {
    for (const listener of served) listener.call(server, socket);
  }

  function read(socket: Socket): void {
    let received: Buffer = Buffer.alloc(0);
    octets.set(socket, Infinity);
    const timer = setTimeout(() => refuse('no PROXY header came in time'), options.millis);
    const leave = () => refuse(undefined);
    socket.on('readable', take).on('end', leave).on('error', leave).on('close', leave);

    function take(): void {
      for (let chunk = readChunk(socket); chunk; chunk = readChunk(socket)) {
        received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      }
      const outcome = protocol.parse(received);
      if (outcome.kind === 'incomplete') return;
      if (outcome.kind === 'invalid') {
        refuse(outcome.reason);
        return;
      }
      letGo();
      octets.set(socket, outcome.length);
      socket.once('close', protocol.begin(socket, outcome));
      if (received.length > outcome.length) socket.unshift(received.subarray(outcome.length));
      serve(socket);
    }

    function refuse(reason: string | undefined): void {
      letGo();
      if (reason !== undefined) {
        options.log.warn('connection refused', { reason, address: socket.remoteAddress });
      }
      // The error of a socket that is being dropped is nobody's any more.
      socket.on('error', () => undefined).destroy();
    }

    function letGo(): void {
      clearTimeout(timer);
      socket.off('readable', take).off('end', leave).off('error', leave).off('close', leave);
    }
  }

  return { headerOctets: (socket) => octets.get(socket) ?? 0 };
}

function readChunk(socket: Socket): Buffer | null {
  return socket.read() as Buffer | null;
}
