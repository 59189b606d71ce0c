/** Association with one interface of a server: bind, sign-in, calls. */
import { encodeTrailer, readVerifier } from './auth-trailer.js';
import { authType, type AuthType } from './auth-trailer.js';
import { encodeBind, parseBindAck, parseBindNak } from './bind.js';
import { faultStatus, parseFault, type Fault } from './call.js';
import { openChannel, type Channel, type ChannelOptions } from './channel.js';
import { openFragment, Reassembly, requestFragments, type Sealing } from './fragments.js';
import { encodePdu, headerOctets, mostFragmentOctets, pduFlag, pduType, type Pdu } from './pdu.js';
import {
  bindRefused,
  busy,
  cut,
  malformed,
  mechanismRefused,
  signInRefused,
  unanswered,
} from './rpc-error.js';
import type { RpcProtection, RpcSignIn } from './sign-in.js';
import type { SyntaxId } from './syntax.js';

export interface RpcConnection {
  /**
   * One call; after an error the connection is of no use.
   * @throws GatewayError `rpc.unanswered` when the server may have carried it out; any other `rpc.*` when
   *   it cannot have, because the request had not been sent
   */
  call(opnum: number, stub: Buffer): Promise<RpcAnswer>;
  close(): void;
}

export type RpcAnswer = { readonly kind: 'answered'; readonly stub: Buffer } | Fault;

export interface RpcTarget extends ChannelOptions {
  readonly interface: SyntaxId;
  /** Used once, and closed with the connection. None: nobody signs in and nothing is sealed. */
  readonly signIn: RpcSignIn | undefined;
}

/** @throws GatewayError `rpc.*`, and those of the mechanism of the sign-in */
export async function connectRpc(target: RpcTarget): Promise<RpcConnection> {
  const { signIn, limits } = target;
  let channel: Channel | undefined;
  function close(): void {
    channel?.close();
    signIn?.close();
  }
  try {
    channel = await openChannel(target);
    const bound = await bind(within(channel, limits.connectMillis), target.interface, signIn);
    return { call: caller(within(channel, limits.answerMillis), bound), close };
  } catch (error) {
    close();
    throw error;
  }
}

/** A channel whose every step has the same time. */
interface TimedChannel extends Pick<Channel, 'isOpen' | 'close'> {
  send(message: Buffer): Promise<void>;
  receive(): Promise<Pdu>;
}

function within(channel: Channel, millis: number): TimedChannel {
  return {
    get isOpen() {
      return channel.isOpen;
    },
    send: (message) => channel.send(message, millis),
    receive: () => channel.receive(millis),
    close: () => channel.close(),
  };
}

interface Bound {
  readonly mostOctets: number;
  readonly sealing: Sealing | undefined;
}

/** Bind, its answer, and the following tokens belong to one call (MS-RPCE §3.3.1.5.2). */
const bindCallId = 1;

async function bind(
  channel: TimedChannel,
  abstract: SyntaxId,
  signIn: RpcSignIn | undefined,
): Promise<Bound> {
  const token = await signIn?.begin();
  const type = signIn?.authType;
  await channel.send(
    encodePdu(
      { type: pduType.bind, flags: wholeMessage | pduFlag.headerSigning, callId: bindCallId },
      encodeBind(abstract, 0),
      type && token && authValue(type, token),
    ),
  );
  const answer = await expectAnswer(channel, pduType.bindAck);
  const { mostOctets, group, result } = parseBindAck(answer);
  if (result.kind === 'refused') throw bindRefused(result.reason);
  return {
    mostOctets: Math.min(mostOctets, mostFragmentOctets),
    sealing: signIn && {
      authType: signIn.authType,
      protection: await finishSignIn(channel, signIn, answer, encodeBind(abstract, group)),
    },
  };
}

const wholeMessage = pduFlag.first | pduFlag.last;

/** Kerberos needs one answer, SPNEGO around NTLM two; nothing needs more than this. */
const mostTokens = 4;

async function finishSignIn(
  channel: TimedChannel,
  signIn: RpcSignIn,
  bindAck: Pdu,
  alterBody: Buffer,
): Promise<RpcProtection> {
  if (signIn.authType === authType.kerberos && (bindAck.flags & pduFlag.headerSigning) === 0) {
    throw signInRefused('the server does not sign headers');
  }
  let answer = bindAck;
  for (let tokens = 0; tokens < mostTokens; tokens += 1) {
    const verifier = readVerifier(answer, signIn.authType, headerOctets);
    if (verifier === undefined) throw signInRefused('the server leaves the sign-in unanswered');
    const { token, protection } = await signIn.proceed(verifier.value);
    if (token !== undefined) {
      answer = await sendToken(channel, signIn, token, alterBody, answer);
    }
    if (protection !== undefined) return protection;
  }
  throw malformed('a sign-in that does not end');
}

async function sendToken(
  channel: TimedChannel,
  { authType: type, laterTokens }: RpcSignIn,
  token: Buffer,
  alterBody: Buffer,
  answered: Pdu,
): Promise<Pdu> {
  const head = { flags: wholeMessage, callId: bindCallId };
  if (laterTokens === 'auth3') {
    // Four octets that nobody reads (MS-RPCE §2.2.2.5).
    const body = Buffer.alloc(4);
    await channel.send(encodePdu({ ...head, type: pduType.auth3 }, body, authValue(type, token)));
    return answered;
  }
  await channel.send(
    encodePdu({ ...head, type: pduType.alterContext }, alterBody, authValue(type, token)),
  );
  return expectAnswer(channel, pduType.alterContextResponse);
}

function authValue(type: AuthType, token: Buffer) {
  return {
    bytes: Buffer.concat([encodeTrailer(type, 0), token]),
    authOctets: token.length,
  };
}

async function expectAnswer(channel: TimedChannel, type: number): Promise<Pdu> {
  const pdu = await channel.receive();
  if (pdu.type === pduType.bindNak) throw refusalOf(pdu);
  if (pdu.type === pduType.fault) {
    const { status } = parseFault(pdu);
    throw signInFaults.has(status)
      ? signInRefused(statusText(status))
      : bindRefused(statusText(status));
  }
  if (pdu.type !== type || pdu.callId !== bindCallId) {
    throw malformed(`a message of type ${pdu.type} instead of ${type}`);
  }
  return pdu;
}

const signInFaults: ReadonlySet<number> = new Set([
  faultStatus.accessDenied,
  faultStatus.securityPackage,
]);

function refusalOf(nak: Pdu): Error {
  const { kind, text } = parseBindNak(nak);
  switch (kind) {
    case 'busy':
      return busy(text);
    case 'mechanism':
      return mechanismRefused(text);
    case 'sign-in':
      return signInRefused(text);
    default:
      return bindRefused(text);
  }
}

function statusText(status: number): string {
  return `fault 0x${status.toString(16).padStart(8, '0')}`;
}

function caller(channel: TimedChannel, { mostOctets, sealing }: Bound): RpcConnection['call'] {
  let callId = bindCallId;
  return async (opnum, stub) => {
    callId += 1;
    const fragments = [...requestFragments({ callId, opnum }, stub, mostOctets, sealing)];
    const last = fragments.pop();
    if (!channel.isOpen) throw cut('the server closed the connection before the call');
    for (const fragment of fragments) await channel.send(fragment);
    try {
      if (last !== undefined) await channel.send(last);
      return await receiveAnswer(channel, callId, sealing);
    } catch (error) {
      channel.close();
      throw unanswered(error);
    }
  };
}

async function receiveAnswer(
  channel: TimedChannel,
  callId: number,
  sealing: Sealing | undefined,
): Promise<RpcAnswer> {
  const reassembly = new Reassembly();
  for (;;) {
    const pdu = await channel.receive();
    if (pdu.callId !== callId) throw malformed('an answer to another call');
    if (pdu.type === pduType.fault) return parseFault(pdu);
    if (pdu.type !== pduType.response) throw malformed(`a message of type ${pdu.type}`);
    const stub = reassembly.add(pdu.flags, openFragment(pdu, sealing));
    if (stub !== undefined) return { kind: 'answered', stub };
  }
}
