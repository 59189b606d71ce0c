/** What the gateway would make of a caller, step by step, with the parts that serve. */
import { originOf, peerAddress, type ClientOrigin, type ProxyHeader } from '../access/index.js';
import type { GatewayConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import { createRouteGroups, requestTarget } from '../http/index.js';
import { openAccess, type ListenerAccess } from './access.js';
import { defaultProfile } from './profiles.js';

interface AccessQuestion {
  /** As configured, or its port; undefined is the first one. */
  readonly listener: string | undefined;
  readonly peer: string;
  /** Name, value, name, value … as in a request. */
  readonly rawHeaders: readonly string[];
  /** A PROXY line (version 1), without its line end. */
  readonly proxyLine: string | undefined;
  readonly path: string;
}

export interface AccessExplanation {
  readonly verdict: 'allowed' | 'denied';
  readonly listener: string;
  /** `undetermined` when nobody is named. */
  readonly client: string;
  /** `SCEP of profile default`, `admin`, … */
  readonly route: string;
  /** How the address was found, then which list decided. */
  readonly steps: readonly string[];
  /** Key of the configuration that said no. */
  readonly rule: string | undefined;
}

export interface AccessExplainer {
  /** Throws GatewayError `cli.usage` for a question that makes no sense. */
  readonly explain: (question: AccessQuestion) => AccessExplanation;
  /** `date` as `2026-11-01`. */
  readonly lists: readonly {
    readonly name: string;
    readonly entries: number;
    readonly date: string;
  }[];
}

/** @throws GatewayError `config.unreadable` when an address list cannot be read */
export async function openExplainer(
  config: GatewayConfig,
  clock: () => Date,
): Promise<AccessExplainer> {
  const access = await openAccess(config, { clock, report: () => undefined });
  const profiles = Object.entries(config.profiles).map(([name, { paths }]) => ({ name, paths }));
  const groupOf = createRouteGroups(profiles, defaultProfile(config));
  const explain = (question: AccessQuestion): AccessExplanation => {
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
      return { verdict: 'denied', ...about, steps: [step], rule: 'proxyProtocol' };
    }
    const verdict = access.allowLists.judge(group, arrival.origin);
    return {
      verdict: verdict.kind,
      ...about,
      steps: [...arrival.origin.steps, verdict.step],
      rule: verdict.kind === 'denied' ? verdict.rule : undefined,
    };
  };
  const lists = access.lists.all().map(({ name, size, date }) => ({
    name,
    entries: size,
    date: date.toISOString().slice(0, 10),
  }));
  return { explain, lists };
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
