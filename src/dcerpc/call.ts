/** request, response and fault (C706 §12.6.4.7 to 10, MS-RPCE §2.2.2.7). */
import { presentationContext } from './bind.js';
import { headerOctets, pduFlag, type Pdu } from './pdu.js';
import { OctetReader } from './octet-reader.js';
import { malformed } from './rpc-error.js';

/** Header and fixed part in front of the stub of a request or response. */
export const stubAt = 24;

/** Fixed part of a request. @param hint octets of stub in this and the following fragments */
export function encodeRequestHead(opnum: number, hint: number): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(hint);
  head.writeUInt16LE(presentationContext, 4);
  head.writeUInt16LE(opnum, 6);
  return head;
}

/** @throws GatewayError `rpc.malformed` for a response of another presentation context */
export function checkResponseHead({ bytes }: Pdu): void {
  const context = new OctetReader(bytes, 'a response', headerOctets).skip(4);
  if (context.uint16() !== presentationContext) throw malformed('a response to nobody');
  context.skip(2);
}

export interface Fault {
  readonly kind: 'fault';
  /** Win32 code or nca_s_* (C706 appendix E). */
  readonly status: number;
  /** The call cannot have run. */
  readonly neverRan: boolean;
}

/**
 * A fault is not signed where there is no security context (refused sign-in), and Windows leaves others
 * unsigned too. So somebody on the way could send one; they could as well cut the connection, and all
 * that a status tells is whether waiting, an operator or a second try comes next.
 *
 * @throws GatewayError `rpc.malformed`
 */
export function parseFault({ bytes, flags }: Pdu): Fault {
  const status = new OctetReader(bytes, 'a fault', stubAt).uint32();
  return {
    kind: 'fault',
    status,
    neverRan: (flags & pduFlag.didNotExecute) !== 0 || beforeTheRoutine.has(status),
  };
}

/** Statuses of a server that did not come as far as to call the routine. */
export const faultStatus = {
  accessDenied: 0x0000_0005,
  serverUnavailable: 0x0000_06ba,
  serverTooBusy: 0x0000_06bb,
  callFailedAndDidNotExecute: 0x0000_06bf,
  /** RPC_S_SEC_PKG_ERROR: also for a wrong password. */
  securityPackage: 0x0000_0721,
  ncaUnknownInterface: 0x1c01_0003,
  ncaServerTooBusy: 0x1c01_0014,
  ncaOperationRange: 0x1c01_0002,
  /** Samba answers so to the first call after a wrong password. */
  ncaProtocolError: 0x1c01_000b,
} as const;

const beforeTheRoutine: ReadonlySet<number> = new Set(Object.values(faultStatus));
