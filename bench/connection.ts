import { connect, type Socket } from 'node:net';

export interface Reply {
  readonly status: number;
  readonly body: Buffer;
}

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One kept-alive HTTP/1.1 connection that sends octets made beforehand. Node's own client needs a third of a
 * millisecond for each request, on a machine that the server under test has to itself otherwise.
 */
export class Connection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #waiting: Waiting | undefined;
  #open = true;

  /** @param localAddress where it comes from */
  constructor(port: number, localAddress = '127.0.0.1') {
    this.#socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
    this.#socket.on('data', (octets) => this.#receive(octets));
    this.#socket.on('error', (error) => this.#end(error));
    this.#socket.on('close', () => this.#end(new Error('the server hung up')));
  }

  /** The server has not closed it, as far as is known here. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** One after the other. */
  send(request: Buffer): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(octets: Buffer): void {
    this.#received = this.#received.length === 0 ? octets : Buffer.concat([this.#received, octets]);
    const reply = complete(this.#received);
    if (reply === undefined) return;
    this.#received = Buffer.alloc(0);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(reply);
  }

  #end(error: Error): void {
    this.#open = false;
    this.#waiting?.reject(error);
  }
}

/** Undefined while something is missing. */
function complete(received: Buffer): Reply | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = received.toString('latin1', 0, end);
  const status = Number(head.slice(9, 12));
  const rest = received.subarray(end + 4);
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
    const body = joined(rest);
    return body && { status, body };
  }
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  return rest.length < length ? undefined : { status, body: rest };
}

function joined(chunked: Buffer): Buffer | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const line = chunked.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = parseInt(chunked.toString('latin1', at, line), 16);
    const start = line + 2;
    if (chunked.length < start + size + 2) return undefined;
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(chunked.subarray(start, start + size));
    at = start + size + 2;
  }
}
