/** What is open on a server, and how it is closed without cutting anybody off. */
import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate, setTimeout as pause } from 'node:timers/promises';
import type { ProxyGate } from './proxy-gate.js';

export interface OpenWork {
  readonly sockets: ReadonlySet<Socket>;
  /** Answers that have neither been sent nor given up. */
  readonly answers: ReadonlySet<ServerResponse>;
  /** Nothing of a request has come. */
  isSilent(socket: Socket): boolean;
  /** How many were accepted so far. */
  accepted(): number;
  /** From now on every answer says that its connection ends. */
  lastAnswers(): void;
}

/** @param server plain, or TLS: there what counts is what comes out of the handshake */
export function watchOpenWork(
  server: Server,
  { gate, tls }: { readonly gate: ProxyGate | undefined; readonly tls: boolean },
): OpenWork {
  const sockets = new Set<Socket>();
  const responses = new Set<ServerResponse>();
  let accepted = 0;
  let last = false;
  server.on('connection', (socket: Socket) => {
    accepted++;
    hold(socket);
  });
  const secured = new WeakMap<Socket, number>();
  server.on('secureConnection', (socket: Socket) => {
    secured.set(socket, performance.now());
    hold(socket);
  });
  function hold(socket: Socket): void {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  }
  server.prependListener('request', (_request, response) => {
    if (last) end(response);
    responses.add(response);
    response.once('close', () => responses.delete(response));
  });
  return {
    sockets,
    answers: responses,
    isSilent(socket) {
      if (tls) return isOver(secured.get(socket), lullMillis) && socket.bytesRead === 0;
      return socket.bytesRead <= (gate?.headerOctets(socket) ?? 0);
    },
    accepted: () => accepted,
    lastAnswers() {
      last = true;
      for (const response of responses) end(response);
    },
  };
}

/** Whoever signs in by NTLM or Negotiate needs the connection once more. */
function end(response: ServerResponse): void {
  const signIn = /^(NTLM|Negotiate)\b/i.test(response.req.headers.authorization ?? '');
  if (!signIn) response.shouldKeepAlive = false;
}

/** The first request follows a TLS handshake after one way through the network. */
function isOver(since: number | undefined, millis: number): boolean {
  return since !== undefined && performance.now() - since > millis;
}

/** Long enough for a request that was sent before the sender could know. */
const lullMillis = 250;

/**
 * A connection that is closed while a request travels on it is reset, and node closes what it takes for
 * idle at once. So for a moment everybody is answered with `Connection: close`, and who still holds a
 * connection afterwards sends nothing on it.
 */
export async function closeServer(
  server: Server,
  open: OpenWork,
  graceMillis: number,
): Promise<void> {
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
  const cut = setTimeout(() => {
    server.closeAllConnections();
    // Those in a TLS handshake are none of HTTP's connections yet.
    for (const socket of open.sockets) socket.destroy();
  }, graceMillis);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
  // Under TLS an answer that was cut off learns of it last; its log line is written then.
  for (let turns = 0; open.answers.size > 0 && turns < 500; turns++) await setImmediate();
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
