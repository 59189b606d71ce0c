/** How many connections a listener holds, before TLS or HTTP has cost anything. */
import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { callerKey } from '../access/index.js';
import { createShares } from './shares.js';

/** TLS handshakes under way at once: each costs an RSA signature, and its sender nothing. */
const mostHandshakes = 256;

/**
 * Closes what comes beyond the limit without a word: whoever asked for nothing yet cannot be told 503.
 * The places are shared by address, so one that takes all it can get (or a proxy in front) has three
 * quarters. It stands before everything else that hears of connections, as the PROXY gate does.
 *
 * @param refused told the address that got no place
 */
export function limitConnections(
  server: HttpServer,
  { most, tls }: { readonly most: number; readonly tls: boolean },
  refused: (address: string) => void,
): void {
  const connections = createShares(most);
  const handshakes = tls ? limitHandshakes(server) : undefined;
  const served = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const address = callerKey(socket.remoteAddress ?? '');
    if (!connections.has(address) || handshakes?.mayBegin(address) === false) {
      refused(address);
      socket.destroy();
      return;
    }
    socket.once('close', connections.take(address));
    handshakes?.begin(address, socket);
    for (const listener of served) listener.call(server, socket);
  });
  // What idles must not keep others out. Whoever signs in by NTLM needs the connection once more.
  server.prependListener('request', (request, response) => {
    const isCrowded = connections.taken > (most * 3) / 4;
    if (isCrowded && request.headers.authorization === undefined) response.shouldKeepAlive = false;
  });
}

/** A handshake is over when the server says so, or the connection has ended. */
function limitHandshakes(server: HttpServer) {
  const handshakes = createShares(mostHandshakes);
  /** By the peer: the socket of the handshake is another one than that below it. */
  const running = new Map<string, () => void>();
  server.on('secureConnection', (socket: Socket) => running.get(peerOf(socket))?.());
  return {
    mayBegin: (address: string) => handshakes.has(address),
    begin(address: string, socket: Socket): void {
      const peer = peerOf(socket);
      const leave = handshakes.take(address);
      const end = () => {
        running.delete(peer);
        leave();
      };
      running.set(peer, end);
      socket.once('close', end);
    },
  };
}

function peerOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
