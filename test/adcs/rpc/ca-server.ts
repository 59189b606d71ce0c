/**
 * A CA server for tests: an endpoint mapper and ICertPassage in front of a `FakeCa`, both over TCP. Stubs are
 * read and written by hand (MS-ICPR §3.2.4.1.1), and privacy is demanded as IF_ENFORCEENCRYPTICERTREQUEST does.
 */
import { certificateBundle } from '../../../src/pkcs7/index.js';
import { startPeer, type Peer, type PeerAnswer, type PeerOptions } from '../../dcerpc/peer.js';
import type { FakeCa } from '../certsrv/fake-ca.js';
import { type FakeRequest } from '../certsrv/fake-ca.js';

const certPassage = Buffer.from('2060ae913c9ecf118d7c00aa00c091be00000000', 'hex');
const mapper = Buffer.from('0883afe11f5dc91191a408002b14a0fa03000000', 'hex');
const ndr = '045d888aeb1cc9119fe808002b10486002000000';

export interface CaServerOptions extends Omit<PeerOptions, 'interfaces'> {
  readonly authority?: string;
  /** Instead of what the CA says. */
  readonly answer?: (stub: Buffer) => PeerAnswer | undefined;
  /** What the endpoint mapper does; default: it knows the CA. */
  readonly mapper?: 'knows-nothing' | 'faults';
  readonly mapperMisbehaves?: NonNullable<PeerOptions['misbehave']>;
  /** Certificates in the CMS around an issued one; default: it and its CA. */
  readonly withoutChain?: boolean;
}

export interface CaServer {
  readonly ca: FakeCa;
  readonly port: number;
  readonly mapperPort: number;
  readonly peer: Peer;
  /** `dwFlags` of each call. */
  readonly flags: readonly number[];
  close(): Promise<void>;
}

export async function startCaServer(ca: FakeCa, options: CaServerOptions = {}): Promise<CaServer> {
  const flags: number[] = [];
  const peer = await startPeer({
    accounts: { 'svc-scep': 'Scep-Passw0rd!' },
    ...options,
    interfaces: [
      {
        syntax: certPassage,
        open: false,
        async call(opnum, stub, user) {
          if (opnum !== 0) return { fault: 0x1c010002 };
          flags.push(stub.readUInt32LE(0));
          return options.answer?.(stub) ?? certServerRequest(ca, stub, user, options);
        },
      },
    ],
  });
  const endpointMapper = await startPeer({
    ...(options.mapperMisbehaves && { misbehave: options.mapperMisbehaves }),
    interfaces: [
      {
        syntax: mapper,
        open: true,
        call(opnum, stub) {
          if (opnum !== 3 || options.mapper === 'faults') return { fault: 0x1c010002 };
          const knows = options.mapper === undefined && stub.includes(certPassage.subarray(0, 16));
          return eptMapAnswer(knows ? peer.port : undefined);
        },
      },
    ],
  });
  return {
    ca,
    port: peer.port,
    mapperPort: endpointMapper.port,
    peer,
    flags,
    async close() {
      await Promise.all([peer.close(), endpointMapper.close()]);
    },
  };
}

class StubReader {
  #at = 0;

  constructor(readonly stub: Buffer) {}

  number(): number {
    this.#at += (4 - (this.#at % 4)) % 4;
    this.#at += 4;
    return this.stub.readUInt32LE(this.#at - 4);
  }

  octets(count: number): Buffer {
    this.#at += count;
    return this.stub.subarray(this.#at - count, this.#at);
  }

  text(): string {
    this.number();
    if (this.number() !== 0) throw new Error('an offset in a string');
    return this.octets(this.number() * 2).toString('utf16le');
  }

  blob(): Buffer | undefined {
    const count = this.number();
    if (this.number() === 0) return undefined;
    if (this.number() !== count) throw new Error('cb is not the count of the array');
    return this.octets(count);
  }
}

async function certServerRequest(
  ca: FakeCa,
  stub: Buffer,
  user: string,
  { authority = 'LAB-CA1-CA', withoutChain = false }: CaServerOptions,
): Promise<Buffer> {
  const reader = new StubReader(stub);
  const flags = reader.number();
  const name = reader.number() === 0 ? '' : reader.text();
  const requestId = reader.number();
  const attributes = reader.blob();
  const request = reader.blob();
  if (name !== `${authority}\0`) return answer({ returned: 0x80070057 });
  if (ca.outage !== undefined) return answer({ returned: Number(ca.outage) });
  if (request === undefined) {
    const found = ca.find(requestId);
    if (flags !== 0 || attributes !== undefined) return answer({ returned: 0x80070057 });
    if (found === undefined) return answer({ requestId, returned: 0x80094004 });
    return dispositionOf(ca, found, 'inspection', withoutChain);
  }
  const text = attributes?.toString('utf16le') ?? '\0';
  if (!text.endsWith('\0') || requestId !== 0) return answer({ returned: 0x80070057 });
  if (![0x100, 0x300, 0x400].includes(flags)) return answer({ returned: 0x80070057 });
  const lines = text.slice(0, -1).split('\n').filter(Boolean);
  const pairs = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1)];
    }),
  );
  const made = await ca.submit(Buffer.from(request), pairs, `LAB\\${user}`);
  // Windows decodes what the flags name; what it is not, it does not guess.
  if (made.format && flags !== { pkcs10: 0x100, cms: 0x300, cmc: 0x400 }[made.format]) {
    return answer({ requestId: made.id, returned: 0x80091004 });
  }
  return dispositionOf(ca, made, 'request', withoutChain);
}

function dispositionOf(
  ca: FakeCa,
  { id, state }: FakeRequest,
  question: 'request' | 'inspection',
  withoutChain: boolean,
): Buffer {
  switch (state.kind) {
    case 'pending':
      return answer({ requestId: id, disposition: 5, message: 'Taken Under Submission' });
    case 'issued': {
      const { certificate } = state;
      const bundle = withoutChain ? [certificate] : [certificate, ca.certificate];
      return answer({
        requestId: id,
        disposition: 3,
        chain: certificateBundle(bundle),
        certificate: certificate.der,
        message: 'Issued',
      });
    }
    case 'denied': {
      const hresult = Number(state.hresult.slice(0, 10));
      // The policy module's reason stands in place of the disposition; an officer's no is a disposition.
      const byOfficer = hresult === 0x80094014;
      return answer({
        requestId: id,
        disposition: byOfficer || question === 'inspection' ? 2 : hresult,
        message: state.text,
        returned: byOfficer ? hresult : 0,
      });
    }
  }
}

export interface RawAnswer {
  readonly requestId?: number;
  readonly disposition?: number;
  readonly chain?: Buffer;
  readonly certificate?: Buffer;
  readonly message?: string;
  readonly returned?: number;
}

/** An answer as it stands on the wire. */
export function answer(parts: RawAnswer): Buffer {
  const { requestId = 0, disposition = 0, returned = 0 } = parts;
  const message = parts.message === undefined ? undefined : `${parts.message}\0`;
  return Buffer.concat([
    number(requestId),
    number(disposition),
    blob(parts.chain),
    blob(parts.certificate),
    blob(message === undefined ? undefined : Buffer.from(message, 'utf16le')),
    number(returned),
  ]);
}

function blob(octets: Buffer | undefined): Buffer {
  if (octets === undefined) return Buffer.concat([number(0), number(0)]);
  const pad = Buffer.alloc((4 - (octets.length % 4)) % 4, 0xbb);
  const head = [number(octets.length), number(0x20004), number(octets.length)];
  return Buffer.concat([...head, octets, pad]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

/** One tower, or none with EPT_S_NOT_REGISTERED. */
function eptMapAnswer(port: number | undefined): Buffer {
  const handle = Buffer.alloc(20);
  if (port === undefined) {
    const none = [number(0), number(4), number(0), number(0)];
    return Buffer.concat([handle, ...none, number(0x16c9a0d6)]);
  }
  const where = Buffer.alloc(2);
  where.writeUInt16BE(port);
  const tower = Buffer.concat([
    Buffer.from('0500' + '13000d', 'hex'),
    certPassage.subarray(0, 18),
    Buffer.from('0200' + '0000' + '13000d' + ndr.slice(0, 36) + '0200' + '0000', 'hex'),
    Buffer.from('01000b' + '0200' + '0000' + '010007' + '0200', 'hex'),
    where,
    Buffer.from('010009' + '0400' + '7f000001', 'hex'),
  ]);
  const pad = Buffer.alloc((4 - (tower.length % 4)) % 4);
  const head = [number(1), number(4), number(0), number(1), number(0x20000)];
  return Buffer.concat([
    handle,
    ...head,
    number(tower.length),
    number(tower.length),
    tower,
    pad,
    number(0),
  ]);
}
