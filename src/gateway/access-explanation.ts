/** What the gateway would make of a caller, step by step, with the parts that serve. */
import {
  clientCertificate,
  matchBinding,
  judgeCertificate,
  originOf,
  peerAddress,
  type ClientOrigin,
  type ListenerCertificatesOptions,
  type PresentedCertificate,
  type ProxyHeader,
  type RouteGroup,
} from '../access/index.js';
import type { ResolvedConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import { createRouteGroups, requestTarget } from '../http/index.js';
import { Certificate } from '../x509/index.js';
import { openAccess, type ListenerAccess } from './access.js';
import { openIssuers } from './authorities.js';
import { callerCertificates, type CallerCertificates } from './caller-certificates.js';
import { openDataDirectory } from './data-directory.js';
import { NoticeBoard } from './notice-board.js';
import { defaultProfile, type Authorities } from './profiles.js';
import { openTrustLists, silentLog } from './trust-lists.js';
import { openConfiguredTokens } from './tokens.js';

interface AccessQuestion {
  /** As configured, or its port; undefined is the first one. */
  readonly listener: string | undefined;
  readonly peer: string;
  /** Name, value, name, value … as in a request. */
  readonly rawHeaders: readonly string[];
  /** A PROXY line (version 1), without its line end. */
  readonly proxyLine: string | undefined;
  /** What the TLS handshake shows, DER, the leaf first; empty: nothing. */
  readonly tlsCertificates: readonly Buffer[];
  readonly path: string;
}

export interface AccessExplanation {
  readonly verdict: 'allowed' | 'denied';
  readonly listener: string;
  /** `undetermined` when nobody is named. */
  readonly client: string;
  /** `SCEP of profile default`, `admin`, … */
  readonly route: string;
  /** Whom the certificate signs in, where nothing else does. */
  readonly account: string | undefined;
  /** How the address was found, then which list decided, then the certificates. */
  readonly steps: readonly string[];
  /** Key of the configuration that said no. */
  readonly rule: string | undefined;
}

export interface AccessExplainer {
  /** Throws GatewayError `cli.usage` for a question that makes no sense. */
  readonly explain: (question: AccessQuestion) => Promise<AccessExplanation>;
  readonly close: () => Promise<void>;
}

/**
 * Opens the data directory only where trust lists name CAs of this gateway.
 * @throws GatewayError `config.unreadable` when an address list or a file of a trust list cannot be read
 */
export async function openExplainer(
  resolved: ResolvedConfig,
  clock: () => Date,
): Promise<AccessExplainer> {
  const { config } = resolved;
  const access = await openAccess(config, { clock, report: () => undefined });
  const own = await openOwnCas(resolved, clock);
  const trust = await openTrustLists({
    lists: config.access.trustLists,
    ownCa: (issuer) => own.authorities.get(issuer),
    clock,
    log: silentLog,
  });
  const certificates = callerCertificates(config, { trust, listeners: access.listeners, clock });
  const profiles = Object.entries(config.profiles).map(([name, { paths }]) => ({ name, paths }));
  const groupOf = createRouteGroups(profiles, defaultProfile(config));
  const explain = async (question: AccessQuestion): Promise<AccessExplanation> => {
    const listener = listenerOf(access.listeners, question.listener);
    const group = groupOf(requestTarget(question.path));
    const arrival = arrive(listener, question);
    const client = arrival.kind === 'refused' ? 'undetermined' : clientOf(arrival.origin);
    const about = {
      listener: listener.address,
      client,
      route: group.kind === 'scep' ? `SCEP of profile ${group.profile}` : group.kind,
    };
    if (arrival.kind === 'refused') {
      const step = `the connection is cut off: ${arrival.reason}`;
      const steps = [step];
      return { verdict: 'denied', ...about, account: undefined, steps, rule: 'proxyProtocol' };
    }
    const verdict = access.allowLists.judge(group, arrival.origin);
    const steps = [...arrival.origin.steps, verdict.step];
    if (verdict.kind === 'denied') {
      return { verdict: 'denied', ...about, account: undefined, steps, rule: verdict.rule };
    }
    const shown = certificates.listeners[access.listeners.indexOf(listener)];
    const next =
      shown && group.kind !== 'health' ? await show(certificates, shown, group, question) : {};
    return {
      verdict: next.rule === undefined ? 'allowed' : 'denied',
      ...about,
      account: next.account,
      steps: [...steps, ...(next.steps ?? [])],
      rule: next.rule,
    };
  };
  return { explain, close: own.close };
}

async function openOwnCas(
  resolved: ResolvedConfig,
  clock: () => Date,
): Promise<{ readonly authorities: Authorities; readonly close: () => Promise<void> }> {
  const lists = Object.values(resolved.config.access.trustLists);
  if (lists.every(({ issuers }) => issuers.length === 0)) {
    return { authorities: new Map(), close: () => Promise.resolve() };
  }
  const data = await openDataDirectory(resolved, clock);
  try {
    const tokens = await openConfiguredTokens(resolved);
    const close = async () => {
      await tokens.close();
      await data.close();
    };
    try {
      const notices = new NoticeBoard();
      const { authorities } = await openIssuers({ resolved, data, tokens, notices, clock });
      return { authorities, close };
    } catch (error) {
      await tokens.close();
      throw error;
    }
  } catch (error) {
    await data.close();
    throw error;
  }
}

/** As the guard of the HTTP face does it; `rule` is what said no. */
async function show(
  { gate, bindings }: CallerCertificates,
  listener: ListenerCertificatesOptions,
  group: RouteGroup,
  { tlsCertificates, peer, rawHeaders }: AccessQuestion,
): Promise<{ steps?: readonly string[]; rule?: string; account?: string }> {
  const handshake = handshakeOf(listener, tlsCertificates);
  const steps: string[] = [];
  const connection =
    listener.connection && (await judgeCertificate(listener.connection, handshake));
  steps.push(...(connection?.steps ?? []));
  if (connection?.kind === 'denied') return { steps, rule: connection.rule };
  const certificate = clientCertificate(listener, { handshake: () => handshake, peer, rawHeaders });
  if (listener.tls || listener.forwarded) steps.push(...certificate.steps);
  if (certificate.kind === 'refused') return { steps, rule: 'forwardedCertificate' };
  const route = await gate.judge(group, certificate);
  steps.push(...(route?.steps ?? []));
  if (route?.kind === 'denied') return { steps, rule: route.rule };
  const signsIn = group.kind === 'admin' || group.kind === 'api';
  const match = signsIn ? await matchBinding(bindings, certificate) : undefined;
  if (!match) return { steps };
  return {
    steps: [...steps, match.reason],
    ...(match.kind === 'accepted' && { account: match.account }),
  };
}

function handshakeOf(
  { tls }: ListenerCertificatesOptions,
  ders: readonly Buffer[],
): PresentedCertificate {
  if (!tls) {
    if (ders.length === 0) return { kind: 'none', steps: ['the listener asks for no certificate'] };
    throw new GatewayError(
      'cli.usage',
      'This listener asks for no certificate in the TLS handshake.',
      {
        mend: 'Write `tls.clientCertificates` at the listener, or give the header of the proxy.',
      },
    );
  }
  const [leaf, ...others] = ders.map((der) => Certificate.fromDer(der));
  return leaf
    ? { kind: 'presented', leaf, others, steps: ['a certificate in the TLS handshake'] }
    : { kind: 'none', steps: ['no certificate in the TLS handshake'] };
}

function clientOf({ kind, address }: ClientOrigin): string {
  return kind === 'determined' ? address : 'undetermined';
}

function listenerOf(
  listeners: readonly ListenerAccess[],
  wanted: string | undefined,
): ListenerAccess {
  const found = listeners.find(
    ({ address }) => wanted === undefined || address === wanted || address.endsWith(`:${wanted}`),
  );
  if (found) return found;
  const known = listeners.map(({ address }) => address).join(', ');
  throw new GatewayError('cli.usage', `There is no listener ${wanted ?? ''}.`, {
    mend: `Listeners: ${known}.`,
  });
}

type Arrival =
  | { readonly kind: 'origin'; readonly origin: ClientOrigin }
  /** Before any HTTP. */
  | { readonly kind: 'refused'; readonly reason: string };

function arrive(listener: ListenerAccess, question: AccessQuestion): Arrival {
  const peer = peerAddress(question.peer);
  if (peer === '0.0.0.0') {
    throw new GatewayError('cli.usage', `The peer ${question.peer} is no IP address.`);
  }
  const { origin: options, proxyProtocol } = listener;
  const { rawHeaders, proxyLine } = question;
  let proxyHeader: ProxyHeader | undefined;
  if (proxyProtocol?.expects({ remoteAddress: peer })) {
    const received = Buffer.from(proxyLine === undefined ? 'GET /' : `${proxyLine}\r\n`, 'latin1');
    const outcome = proxyProtocol.parse(received);
    if (outcome.kind !== 'complete') {
      const reason = outcome.kind === 'invalid' ? outcome.reason : 'its PROXY line has no end';
      return { kind: 'refused', reason };
    }
    proxyHeader = outcome;
  } else if (proxyLine !== undefined) {
    return { kind: 'refused', reason: 'a PROXY line from a peer that is not asked for one' };
  }
  return { kind: 'origin', origin: originOf(options, { peer, rawHeaders, proxyHeader }) };
}
