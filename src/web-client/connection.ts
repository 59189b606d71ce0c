/** One connection to the server: opened, used for one exchange after the other, and never for another peer. */
import { createHash } from 'node:crypto';
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { tlsServerEndPoint } from '../ntlm/channel-binding/index.js';
import { isCertificateAlert, networkFault } from './network-fault.js';
import type { WebTls } from './web-client.types.js';

export interface Connection {
  /** Application data of `tls-server-end-point`; undefined without TLS. */
  readonly channelBinding: Buffer | undefined;
  /** The server knows who we are for as long as the connection stands. */
  signedIn: boolean;
  isOpen(): boolean;
  exchange(leg: Leg): Promise<LegOutcome>;
  close(): void;
}

/** One request of a sign-in, or the one it is all about. */
interface Leg {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  readonly answerMillis: number;
  readonly answerBytes: number;
  readonly signal: AbortSignal;
}

export type LegOutcome =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly rawHeaders: readonly string[];
      readonly body: Buffer;
    }
  | {
      readonly kind: 'lost';
      readonly phase: 'answer' | 'body';
      readonly reason: string;
      /** The server's TLS turned our certificate down. */
      readonly certificateRefused: boolean;
    };

export type ConnectOutcome =
  | { readonly kind: 'connected'; readonly connection: Connection }
  | { readonly kind: 'failed'; readonly reason: string; readonly certificateRefused: boolean };

/** @param signal ends the attempt */
export async function openConnection(
  origin: URL,
  tls: WebTls,
  signal: AbortSignal,
): Promise<ConnectOutcome> {
  const socket = origin.protocol === 'https:' ? tlsSocket(origin, tls) : tcpSocket(origin);
  try {
    await ready(socket, signal);
    // Node 20 gives it once only.
    const certificate =
      socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.raw : undefined;
    if (socket instanceof TLSSocket) requirePin(certificate, tls.pins ?? []);
    return { kind: 'connected', connection: connectionOn(socket, origin, certificate) };
  } catch (error) {
    socket.destroy();
    return {
      kind: 'failed',
      reason: signal.aborted ? abortReason(signal) : faultText(error),
      certificateRefused: isCertificateAlert(error),
    };
  }
}

function tcpSocket(origin: URL): Socket {
  return connectTcp({ host: hostOf(origin), port: Number(origin.port || 80), noDelay: true });
}

function tlsSocket(origin: URL, tls: WebTls): TLSSocket {
  const host = hostOf(origin);
  const { clientCertificate: certificate } = tls;
  const passphrase = certificate?.passphrase;
  return connectTls({
    host,
    port: Number(origin.port || 443),
    ...(isIP(host) === 0 && { servername: host }),
    ...(tls.ca !== undefined && { ca: tls.ca }),
    ...(tls.maximum && { maxVersion: tls.maximum }),
    ...(certificate && 'pfx' in certificate && { pfx: certificate.pfx }),
    ...(certificate &&
      'key' in certificate && { cert: certificate.certificate, key: certificate.key }),
    ...(passphrase !== undefined && { passphrase }),
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    // A pin takes the place of chain and name; it is compared before anything is sent.
    rejectUnauthorized: (tls.pins ?? []).length === 0,
  });
}

function hostOf(origin: URL): string {
  return origin.hostname.replace(/^\[|\]$/g, '');
}

function ready(socket: Socket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => socket.destroy(new Error('aborted'));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    const done = () => signal.removeEventListener('abort', onAbort);
    socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => {
      done();
      resolve();
    });
    // Stays: nobody else listens while the connection is idle.
    socket.on('error', (error) => {
      done();
      reject(error);
    });
    socket.once('close', () => reject(new Error('closed')));
  });
}

/** Says in its message what is shown. */
class PinFault extends Error {}

function requirePin(certificate: Buffer | undefined, pins: readonly string[]): void {
  if (pins.length === 0) return;
  const shown = certificate
    ? createHash('sha256').update(certificate).digest('hex').toUpperCase()
    : 'none';
  if (pins.includes(shown)) return;
  throw new PinFault(`the certificate of the server is not the pinned one: it is ${shown}`);
}

function faultText(error: unknown): string {
  return error instanceof PinFault ? error.message : networkFault(error);
}

function abortReason(signal: AbortSignal): string {
  return signal.reason instanceof Limit ? signal.reason.message : 'it was called off';
}

/** Why we ended it ourselves: time, or size; the message says which. */
export class Limit extends Error {}

/** Gives http its one socket, once: when that is gone, there is no other. */
class OneSocket extends Agent {
  readonly #socket: Socket;
  #given = false;

  constructor(socket: Socket) {
    super({ keepAlive: true, maxSockets: 1 });
    this.#socket = socket;
  }

  override createConnection(
    _options: unknown,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex {
    if (this.#given) callback?.(new Error('the connection is gone'), this.#socket);
    this.#given = true;
    return this.#socket;
  }
}

function connectionOn(socket: Socket, origin: URL, certificate: Buffer | undefined): Connection {
  const agent = new OneSocket(socket);
  let ended = false;
  const isOpen = () => !ended && socket.readyState === 'open';
  return {
    channelBinding: certificate && tlsServerEndPoint(certificate),
    signedIn: false,
    isOpen,
    // On a socket that is closed nothing happens any more, not even an error.
    exchange: (leg) =>
      isOpen() ? exchange(agent, origin, leg, () => (ended = true)) : Promise.resolve(closedBefore),
    close() {
      agent.destroy();
      socket.destroy();
    },
  };
}

const closedBefore: LegOutcome = {
  kind: 'lost',
  phase: 'answer',
  reason: 'the server closed the connection',
  certificateRefused: false,
};

/** @param onLast called when the server says that this was the last exchange */
function exchange(agent: Agent, origin: URL, leg: Leg, onLast: () => void): Promise<LegOutcome> {
  const { method, path, headers, body, answerMillis, answerBytes, signal } = leg;
  return new Promise((resolve) => {
    const lost = (phase: 'answer' | 'body', error: unknown) => {
      clearTimeout(timer);
      resolve({
        kind: 'lost',
        phase,
        reason:
          error instanceof Limit
            ? error.message
            : signal.aborted
              ? abortReason(signal)
              : faultText(error),
        certificateRefused: phase === 'answer' && isCertificateAlert(error),
      });
    };
    const outgoing = httpRequest({
      agent,
      host: hostOf(origin),
      method,
      path,
      headers: { ...headers, Host: origin.host, ...lengthOf(method, body) },
      signal,
    });
    const timer = setTimeout(() => {
      const limit = new Limit(`no answer within ${answerMillis} ms`);
      outgoing.destroy(limit);
      // Where the socket is gone already nobody else would say so.
      lost('answer', limit);
    }, answerMillis);
    outgoing.once('error', (error) => lost('answer', error));
    // A 101 is none of the answers that HTTP has for us, and node lets go of its connection then.
    outgoing.once('upgrade', (_, socket) => {
      lost('answer', new Limit('the server changed to another protocol'));
      socket.destroy();
    });
    outgoing.once('response', (incoming) => {
      clearTimeout(timer);
      const chunks: Buffer[] = [];
      let octets = 0;
      incoming.on('data', (chunk: Buffer) => {
        octets += chunk.length;
        if (octets > answerBytes) {
          lost('body', new Limit(`the answer is larger than ${answerBytes} octets`));
          outgoing.destroy();
        } else chunks.push(chunk);
      });
      incoming.once('error', (error) => lost('body', error));
      incoming.once('close', () => {
        if (!incoming.complete) lost('body', new Error('cut off'));
      });
      incoming.once('end', () => {
        if (!outgoing.shouldKeepAlive) onLast();
        resolve({
          kind: 'answered',
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          rawHeaders: incoming.rawHeaders,
          body: Buffer.concat(chunks),
        });
      });
    });
    outgoing.end(body);
  });
}

function lengthOf(method: string, body: Buffer | undefined): Record<string, string> {
  if (method !== 'POST') return {};
  return { 'Content-Length': String(body?.length ?? 0) };
}
