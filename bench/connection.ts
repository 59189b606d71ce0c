import { connect, type Socket } from 'node:net';
import type { Reply } from './load.js';

/**
 * One kept-alive HTTP/1.1 connection for requests that are octets already. Node's own client costs the load
 * program as much as a refusal costs the server, and both share the cores.
 */
export class Connection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #settle: { resolve(answer: Reply): void; reject(error: Error): void } | undefined;
  #usable = true;

  constructor(port: number, localAddress: string) {
    this.#socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the connection was closed')));
  }

  /** Nothing is under way on it, and it is open or about to be. */
  get isFree(): boolean {
    return this.#usable && this.#settle === undefined;
  }

  get isUsable(): boolean {
    return this.#usable;
  }

  send(request: Buffer): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#usable = false;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#received.subarray(0, end).toString('latin1');
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (this.#received.length < end + 4 + length) return;
    const body = Buffer.from(this.#received.subarray(end + 4, end + 4 + length));
    this.#received = Buffer.alloc(0);
    if (/\r\nconnection: close/i.test(head)) this.close();
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.resolve({ status: Number(head.slice(9, 12)), body });
  }

  #fail(error: Error): void {
    this.#usable = false;
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.reject(error);
  }
}

/** The octets of a POST of a pkiMessage, or of a GET where there is none. */
export function requestOctets(path: string, query: string, body?: Buffer): Buffer {
  const head = [
    `${body === undefined ? 'GET' : 'POST'} ${path}?${query} HTTP/1.1`,
    'Host: 127.0.0.1',
    ...(body === undefined
      ? []
      : ['Content-Type: application/x-pki-message', `Content-Length: ${body.length}`]),
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body ?? Buffer.alloc(0)]);
}
