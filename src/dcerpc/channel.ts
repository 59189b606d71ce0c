/** A TCP connection that carries messages, each step of it limited in time and octets. */
import { connect, type Socket } from 'node:net';
import { isGatewayError } from '../errors/index.js';
import { announcedOctets, parsePdu, type Pdu } from './pdu.js';
import { cut, timedOut, unreachable } from './rpc-error.js';

export interface ChannelOptions {
  readonly host: string;
  readonly port: number;
  readonly limits: RpcLimits;
  /** Ends everything that waits, with `rpc.timeout`: the time for the whole task is over. */
  readonly signal: AbortSignal;
}

interface RpcLimits {
  /** For each step up to the sign-in: the TCP connection, each message of the server. */
  readonly connectMillis: number;
  /** For each message of a call, from the moment it is waited for until it is whole. */
  readonly answerMillis: number;
}

export interface Channel {
  /** False when the server has closed the connection, or something failed. */
  readonly isOpen: boolean;
  /** @throws GatewayError `rpc.cut`, `rpc.timeout` */
  send(message: Buffer, millis: number): Promise<void>;
  /** @throws GatewayError `rpc.cut`, `rpc.timeout`, `rpc.malformed` */
  receive(millis: number): Promise<Pdu>;
  close(): void;
}

/** @throws GatewayError `rpc.unreachable` */
export async function openChannel(options: ChannelOptions): Promise<Channel> {
  const { host, port, limits, signal } = options;
  const server = `${host} port ${port}`;
  const socket = connect({ host, port, noDelay: true });
  const events = watch(socket, signal);

  /** After any failure the connection is closed: its streams of messages no longer agree. */
  async function step(doing: string, millis: number, done: () => boolean): Promise<void> {
    try {
      await events.until(done, millis, `${doing} ${server}`);
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  let received: Buffer = Buffer.alloc(0);
  function read(): void {
    if (received.length >= mostUnread) return;
    const chunk: unknown = socket.read();
    if (Buffer.isBuffer(chunk)) received = Buffer.concat([received, chunk]);
  }
  // Read at once: an end is seen only by who reads.
  socket.on('readable', read);

  function take(): Pdu | undefined {
    read();
    const octets = announcedOctets(received);
    if (octets === undefined || received.length < octets) return undefined;
    const pdu = parsePdu(Buffer.from(received.subarray(0, octets)));
    received = received.subarray(octets);
    return pdu;
  }

  try {
    await step('connecting to', limits.connectMillis, () => socket.readyState === 'open');
  } catch (error) {
    throw unreachable(isGatewayError(error) ? (error.detail ?? server) : server);
  }
  return {
    get isOpen() {
      return !socket.destroyed && !socket.readableEnded;
    },
    async send(message, millis) {
      let written = false;
      socket.write(message, () => {
        written = true;
        events.notify();
      });
      await step('sending to', millis, () => written);
    },
    async receive(millis) {
      const got: Pdu[] = [];
      await step('waiting for', millis, () => {
        const pdu = take();
        if (pdu !== undefined) got.push(pdu);
        return pdu !== undefined;
      });
      const [pdu] = got;
      if (pdu === undefined) throw cut(server);
      return pdu;
    },
    close: () => socket.destroy(),
  };
}

/** What a server may send before we ask for it. Beyond that TCP holds it back. */
const mostUnread = 64 * 1024;

interface Events {
  /** Waits until a condition holds. Looks whenever something happens to the socket. */
  until(holds: () => boolean, millis: number, doing: string): Promise<void>;
  /** Something happened. */
  notify(): void;
}

function watch(socket: Socket, signal: AbortSignal): Events {
  let failure: Error | undefined;
  let ended = false;
  let wake = (): void => undefined;
  const notify = (): void => wake();
  const end = (): void => {
    ended = true;
    notify();
  };
  socket.on('connect', notify).on('readable', notify).on('end', end).on('close', end);
  socket.on('error', (error) => {
    failure = error;
    notify();
  });

  async function until(holds: () => boolean, millis: number, doing: string): Promise<void> {
    const late = new AbortController();
    late.signal.addEventListener('abort', notify);
    const timer = setTimeout(() => late.abort(), millis);
    signal.addEventListener('abort', notify);
    try {
      for (;;) {
        // What came before the end still counts.
        if (holds()) return;
        if (failure !== undefined || ended) throw cut(`${doing}: ${endText(failure)}`);
        if (signal.aborted) throw timedOut(`${doing}: the time for the whole call is over`);
        if (late.signal.aborted) throw timedOut(`${doing}: nothing within ${millis} ms`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', notify);
    }
  }

  return { until, notify };
}

/** `ECONNREFUSED`, `ENOTFOUND`, …: the name says more than the sentence around it. */
function endText(failure: Error | undefined): string {
  if (failure === undefined) return 'the server closed the connection';
  const code: unknown = 'code' in failure ? failure.code : undefined;
  return typeof code === 'string' ? code : failure.message;
}
