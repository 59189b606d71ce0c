/** How many connections a listener holds, before TLS or HTTP has cost anything. */
import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { callerKey } from '../access/index.js';
import { createShares } from './shares.js';

/**
 * Closes what comes beyond the limit without a word: whoever asked for nothing yet cannot be told 503.
 * The places are shared by address, so one that takes all it can get (or a proxy in front) has three
 * quarters. It stands before everything else that hears of connections, as the PROXY gate does.
 *
 * @param refused told the address that got no place
 */
export function limitConnections(
  server: HttpServer,
  most: number,
  refused: (address: string) => void,
): void {
  const connections = createShares(most);
  const served = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const address = callerKey(socket.remoteAddress ?? '');
    if (!connections.has(address)) {
      refused(address);
      socket.destroy();
      return;
    }
    socket.once('close', connections.take(address));
    for (const listener of served) listener.call(server, socket);
  });
  // What idles must not keep others out. Whoever signs in by NTLM needs the connection once more.
  server.prependListener('request', (request, response) => {
    const isCrowded = connections.taken >= most / 2;
    if (isCrowded && request.headers.authorization === undefined) response.shouldKeepAlive = false;
  });
}
