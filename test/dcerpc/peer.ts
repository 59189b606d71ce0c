/**
 * A DCE/RPC server over TCP for tests: interfaces with functions behind them, sign-in by the server side of
 * NTLM (bare or in SPNEGO), and every kind of misbehaviour. Messages are read and written here by hand,
 * so that a mistake of the client's own codec is not repeated.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { der, parseBer, tag } from '../../src/asn1/index.js';
import {
  createNtlmServer,
  ntHash,
  type NtlmHandshake,
  type NtlmSession,
} from '../../src/ntlm/index.js';

export interface PeerInterface {
  /** 20 octets: UUID and version as on the wire. */
  readonly syntax: Buffer;
  /** False: whoever comes without packet privacy is refused, as a CA does. */
  readonly open: boolean;
  call(opnum: number, stub: Buffer, user: string): Promise<PeerAnswer> | PeerAnswer;
}

export type PeerAnswer = Buffer | { readonly fault: number; readonly flags?: number };

/** What the peer is about to do, after it has read what the client sent. */
export type PeerStep =
  | 'accept'
  | 'bind_ack'
  | 'alter_context_resp'
  | 'auth3'
  | 'first-fragment'
  | 'more-fragments'
  | 'execute'
  | 'response'
  | 'middle-of-response';

type Misbehaviour =
  /** Ends the connection. */
  | 'cut'
  /** Says nothing more. */
  | 'silence'
  /** Sends these octets instead, and goes on. */
  | { readonly instead: Buffer }
  /** Waits for this before it goes on. */
  | { readonly after: Promise<unknown> };

export interface PeerOptions {
  readonly interfaces: readonly PeerInterface[];
  readonly accounts?: Readonly<Record<string, string>>;
  /** Default: both. */
  readonly mechanisms?: readonly (9 | 10)[];
  /** Octets of stub in each message of an answer. */
  readonly stubOctets?: number;
  /** What the peer says it takes; default 5840. */
  readonly mostOctets?: number;
  readonly misbehave?: (step: PeerStep) => Misbehaviour | undefined;
  /** Last chance to spoil a message. */
  readonly spoil?: (message: Buffer) => Buffer;
  /** SPNEGO: send no mechListMIC, as some servers do; or a wrong one. */
  readonly mechListMic?: 'none' | 'wrong';
}

export interface Peer {
  readonly port: number;
  /** Messages that came, by type. */
  readonly seen: readonly number[];
  /** Octets of each message of a request. */
  readonly requestOctets: readonly number[];
  close(): Promise<void>;
}

export async function startPeer(options: PeerOptions): Promise<Peer> {
  const sockets = new Set<Socket>();
  const seen: number[] = [];
  const requestOctets: number[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    void serve(socket, options, (message) => {
      seen.push(message.readUInt8(2));
      if (message.readUInt8(2) === 0) requestOctets.push(message.length);
    }).catch(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    requestOctets,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

class Gone extends Error {}

async function serve(
  socket: Socket,
  options: PeerOptions,
  note: (message: Buffer) => void,
): Promise<void> {
  const conversation = new Conversation(socket, options);
  let received = Buffer.alloc(0);
  try {
    await conversation.step('accept');
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 16 && received.length >= received.readUInt16LE(8)) {
        const octets = received.readUInt16LE(8);
        const message = received.subarray(0, octets);
        received = received.subarray(octets);
        note(message);
        await conversation.take(message);
      }
    }
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
  }
}

class Conversation {
  #bound: PeerInterface | undefined;
  #authType = 0;
  #level = 0;
  #context = 0;
  #mechanismList = Buffer.alloc(0);
  #handshake: NtlmHandshake | undefined;
  #session: NtlmSession | undefined;
  #user = '';
  #parts: Buffer[] = [];

  constructor(
    readonly socket: Socket,
    readonly options: PeerOptions,
  ) {}

  async step(step: PeerStep): Promise<void> {
    const behaviour = this.options.misbehave?.(step);
    if (behaviour === undefined) return;
    if (behaviour === 'cut') {
      this.socket.destroy();
      throw new Gone();
    }
    if (behaviour === 'silence') {
      await new Promise(() => undefined);
      return;
    }
    if ('after' in behaviour) {
      await behaviour.after;
      return;
    }
    this.socket.write(behaviour.instead);
    throw new Gone();
  }

  #send(type: number, flags: number, callId: number, body: Buffer, auth = 0): void {
    const header = Buffer.alloc(16);
    header.set([5, 0, type, flags, 0x10]);
    header.writeUInt16LE(16 + body.length, 8);
    header.writeUInt16LE(auth, 10);
    header.writeUInt32LE(callId, 12);
    const message = Buffer.concat([header, body]);
    this.socket.write(this.options.spoil?.(message) ?? message);
  }

  async take(message: Buffer): Promise<void> {
    switch (message[2]) {
      case 11:
      case 14:
        return this.#bind(message);
      case 16:
        return this.#auth3(message);
      case 0:
        return this.#request(message);
      default:
        this.socket.destroy();
    }
  }

  async #bind(message: Buffer): Promise<void> {
    const isBind = message[2] === 11;
    await this.step(isBind ? 'bind_ack' : 'alter_context_resp');
    const callId = message.readUInt32LE(12);
    const wanted = message.subarray(32, 52);
    const auth = this.#authOf(message);
    if (auth !== undefined && !(this.options.mechanisms ?? [9, 10]).includes(auth.type)) {
      this.#send(13, 3, callId, Buffer.from([8, 0, 1, 5, 0, 0, 0, 0]));
      return;
    }
    let token: Buffer | undefined;
    if (auth !== undefined) {
      token = auth.type === 10 ? this.#challenge(auth.token) : this.#negotiate(auth.token);
      if (token === undefined) {
        this.#fault(callId, 5);
        return;
      }
    }
    this.#bound ??= this.options.interfaces.find(({ syntax }) => syntax.equals(wanted));
    const most = this.options.mostOctets ?? 5840;
    const address = Buffer.from(isBind ? '49152\0' : '');
    const head = Buffer.alloc(10);
    head.writeUInt16LE(most);
    head.writeUInt16LE(most, 2);
    head.writeUInt32LE(0x1234, 4);
    head.writeUInt16LE(address.length, 8);
    const before = Buffer.concat([head, address]);
    const result = Buffer.alloc(28);
    result.writeUInt8(1);
    if (this.#bound === undefined) result.writeUInt32LE(0x0001_0002, 4);
    else message.copy(result, 8, 52, 72);
    const body = Buffer.concat([
      before,
      Buffer.alloc((4 - (before.length % 4)) % 4),
      result,
      ...(token === undefined ? [] : [this.#trailer(0), token]),
    ]);
    this.#send(isBind ? 12 : 15, 7, callId, body, token?.length);
  }

  #authOf(message: Buffer): { type: 9 | 10; token: Buffer } | undefined {
    const octets = message.readUInt16LE(10);
    if (octets === 0) return undefined;
    const at = message.length - octets - 8;
    this.#authType = message.readUInt8(at);
    this.#level = message.readUInt8(at + 1);
    this.#context = message.readUInt32LE(at + 4);
    return { type: this.#authType as 9 | 10, token: message.subarray(at + 8) };
  }

  #trailer(padOctets: number): Buffer {
    const trailer = Buffer.from([this.#authType, this.#level, padOctets, 0, 0, 0, 0, 0]);
    trailer.writeUInt32LE(this.#context, 4);
    return trailer;
  }

  #challenge(negotiate: Buffer): Buffer {
    this.#handshake = createNtlmServer({ host: 'ca1.lab.test' }).challenge(negotiate);
    return this.#handshake.message;
  }

  #judge(authenticate: Buffer): boolean {
    const claim = this.#handshake?.claim(authenticate);
    const password = this.options.accounts?.[claim?.user ?? ''];
    const verdict = claim?.judge({
      ntHash: ntHash(password ?? 'nobody has this'),
      micRequired: true,
      channel: { kind: 'plain' },
    });
    if (verdict?.kind !== 'proved' || password === undefined) return false;
    this.#session = verdict.session;
    this.#user = claim?.user ?? '';
    return true;
  }

  /** SPNEGO: the first token brings the list of mechanisms, the second the last message of NTLM. */
  #negotiate(token: Buffer): Buffer | undefined {
    const outer = parseBer(token);
    if (this.#handshake === undefined) {
      const init = outer.child(1).child(0);
      this.#mechanismList = Buffer.from(init.child(0).child(0).raw);
      return negTokenResp(1, this.#challenge(init.child(1).child(0).content), undefined);
    }
    const fields = outer.child(0);
    const octets = (n: number) => fields.find(tag.contextConstructed(n))?.child(0).content;
    if (!this.#judge(octets(2) ?? Buffer.alloc(0)) || this.#session === undefined) return undefined;
    const theirs = octets(3);
    if (!theirs || !this.#session.verify(this.#mechanismList, theirs)) return undefined;
    const { mechListMic } = this.options;
    const ours = mechListMic === 'none' ? undefined : this.#session.sign(this.#mechanismList);
    this.#session.restartCiphers();
    return negTokenResp(0, undefined, mechListMic === 'wrong' ? Buffer.alloc(16) : ours);
  }

  async #auth3(message: Buffer): Promise<void> {
    await this.step('auth3');
    const auth = this.#authOf(message);
    if (auth) this.#judge(auth.token);
  }

  async #request(message: Buffer): Promise<void> {
    const flags = message.readUInt8(3);
    const callId = message.readUInt32LE(12);
    const isLast = (flags & 2) !== 0;
    await this.step((flags & 1) !== 0 ? 'first-fragment' : 'more-fragments');
    const authOctets = message.readUInt16LE(10);
    const isSealed = authOctets > 0 && this.#level === 6;
    const bound = this.#bound;
    if (bound === undefined) {
      this.#fault(callId, 0x1c010003);
      return;
    }
    if (!bound.open && (!isSealed || this.#session === undefined)) {
      this.#fault(callId, 5);
      return;
    }
    let part = message.subarray(24);
    if (isSealed && this.#session !== undefined) {
      const at = message.length - authOctets - 8;
      const opened = this.#session.unseal(message.subarray(24, at), message.subarray(at + 8), {
        before: message.subarray(0, 24),
        after: message.subarray(at, at + 8),
      });
      if (opened === undefined) {
        this.#fault(callId, 5);
        return;
      }
      part = opened.subarray(0, opened.length - message.readUInt8(at + 2));
    }
    this.#parts.push(Buffer.from(part));
    if (!isLast) return;
    const stub = Buffer.concat(this.#parts.splice(0));
    await this.step('execute');
    const answer = await bound.call(message.readUInt16LE(22), stub, this.#user);
    await this.step('response');
    if (!Buffer.isBuffer(answer)) {
      this.#fault(callId, answer.fault, answer.flags);
      return;
    }
    await this.#respond(callId, answer, isSealed);
  }

  async #respond(callId: number, stub: Buffer, isSealed: boolean): Promise<void> {
    const room = this.options.stubOctets ?? 4000;
    for (let at = 0; at === 0 || at < stub.length; at += room) {
      const part = stub.subarray(at, at + room);
      const flags = (at === 0 ? 1 : 0) | (at + room >= stub.length ? 2 : 0);
      const fixed = Buffer.alloc(8);
      fixed.writeUInt32LE(stub.length - at);
      if (!isSealed || this.#session === undefined) {
        this.#send(2, flags, callId, Buffer.concat([fixed, part]));
      } else {
        this.#sendSealed(callId, flags, fixed, part, this.#session);
      }
      if (at + room < stub.length) await this.step('middle-of-response');
    }
  }

  #sendSealed(
    callId: number,
    flags: number,
    fixed: Buffer,
    part: Buffer,
    session: NtlmSession,
  ): void {
    const padOctets = (16 - (part.length % 16)) % 16;
    // Padding that is not zero, as Windows leaves it.
    const plain = Buffer.concat([part, Buffer.alloc(padOctets, 0xbb)]);
    const trailer = this.#trailer(padOctets);
    const header = Buffer.alloc(16);
    header.set([5, 0, 2, flags, 0x10]);
    header.writeUInt16LE(16 + 8 + plain.length + 8 + 16, 8);
    header.writeUInt16LE(16, 10);
    header.writeUInt32LE(callId, 12);
    const before = Buffer.concat([header, fixed]);
    const { sealed, signature } = session.seal(plain, { before, after: trailer });
    this.#send(2, flags, callId, Buffer.concat([fixed, sealed, trailer, signature]), 16);
  }

  #fault(callId: number, status: number, flags = 0): void {
    const body = Buffer.alloc(16);
    body.writeUInt32LE(status, 8);
    this.#send(3, 3 | flags, callId, body);
  }
}

function negTokenResp(state: number, token: Buffer | undefined, mic: Buffer | undefined): Buffer {
  return der.contextConstructed(
    1,
    der.sequence(
      der.contextConstructed(0, der.element(tag.enumerated, Buffer.from([state]))),
      ...(token ? [der.contextConstructed(2, der.octetString(token))] : []),
      ...(mic ? [der.contextConstructed(3, der.octetString(mic))] : []),
    ),
  );
}
