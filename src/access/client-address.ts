import type { AddressElement } from './address-element.js';
import type { ClientAddress, ClientAddressResolver, ClientOrigin } from './access.types.js';
import type { AddressRules } from './address-rules.js';
import { forwardedHops } from './forwarded.js';
import { headerValues } from './header-values.js';
import { peerAddress } from './peer-address.js';
import type { ProxyHeader, ProxyProtocol } from './proxy-protocol/proxied-connections.js';
import { parseAddressElement } from './address-element.js';
import { missingMarker, type RequiredHeader } from './required-headers.js';
import { forwardedForHops } from './x-forwarded-for.js';

/** The one thing a listener believes about clients behind a proxy. */
export type AddressSource =
  | { readonly kind: 'none' }
  | { readonly kind: 'x-forwarded-for' }
  | { readonly kind: 'forwarded' }
  /** A header with the client's address and nothing else. @param name in lower case */
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'proxy-protocol'; readonly protocol: ProxyProtocol };

export interface ClientAddressOptions {
  /** Only what these peers say is read, and only they are passed over on the way to the client. */
  readonly trustedProxies: AddressRules;
  readonly source: AddressSource;
  /** Markers that a trusted peer must send beside it; they never stand in for the peer. */
  readonly requiredHeaders: readonly RequiredHeader[];
}

/** The peer of the TCP connection, whatever the headers say: right while no proxy is configured. */
export const socketPeerAddress: ClientAddressResolver = (request) => {
  const address = peerAddress(request.socket.remoteAddress);
  return { kind: 'determined', address, steps: [`the peer is ${address}; no header is read`] };
};

/**
 * Who is calling through our proxies: from the peer towards the client, past every address that is a
 * trusted proxy, to the first that is not. Where no such address can be read, nobody is named: to believe
 * the left-most entry instead would let the caller choose it.
 */
export function createClientAddress(options: ClientAddressOptions): ClientAddressResolver {
  const { source } = options;
  if (source.kind === 'none') return socketPeerAddress;
  return (request) => {
    const peer = peerAddress(request.socket.remoteAddress);
    const header = source.kind === 'proxy-protocol' && source.protocol.headerOf(request.socket);
    return originOf(options, {
      peer,
      rawHeaders: request.rawHeaders,
      proxyHeader: header === false ? undefined : header,
    });
  };
}

/** All that a listener may look at. */
export interface Approach {
  readonly peer: ClientAddress;
  readonly rawHeaders: readonly string[];
  readonly proxyHeader: ProxyHeader | undefined;
}

export function originOf(options: ClientAddressOptions, approach: Approach): ClientOrigin {
  const { trustedProxies, source, requiredHeaders } = options;
  const { peer, rawHeaders, proxyHeader } = approach;
  if (source.kind === 'none') {
    return { kind: 'determined', address: peer, steps: [`the peer is ${peer}; no header is read`] };
  }
  const proxy = trustedProxies.match(peer);
  if (proxy === undefined) {
    const step = `the peer ${peer} is no trusted proxy: it is the client, whatever it says of others`;
    return { kind: 'determined', address: peer, steps: [step] };
  }
  const steps = [`the peer ${peer} is a trusted proxy: ${proxy}`];
  const undetermined = (step: string): ClientOrigin => ({
    kind: 'undetermined',
    address: peer,
    steps: [...steps, step],
  });
  const marker = missingMarker(requiredHeaders, rawHeaders);
  if (marker !== undefined) return undetermined(marker);
  for (const { name } of requiredHeaders) steps.push(`the required header ${name} is there`);
  if (source.kind === 'proxy-protocol') {
    if (proxyHeader?.source === undefined) {
      return undetermined(
        proxyHeader ? 'its PROXY header names no client' : 'it sent no PROXY header',
      );
    }
    steps.push(`its PROXY version ${proxyHeader.version} header names ${proxyHeader.source}`);
    return { kind: 'determined', address: proxyHeader.source, steps };
  }
  const name = source.kind === 'header' ? source.name : source.kind;
  const lines = headerValues(rawHeaders, name);
  if (lines.length === 0) return undetermined(`there is no header ${name}`);
  if (source.kind === 'header') return single(lines, name, steps, undetermined);
  const hops = source.kind === 'forwarded' ? forwardedHops(lines) : forwardedForHops(lines);
  return walk(hops, { name, trustedProxies, steps, undetermined });
}

/** More proxies in a row than anybody has. */
const mostHops = 32;

function walk(
  hops: Iterable<AddressElement>,
  on: {
    readonly name: string;
    readonly trustedProxies: AddressRules;
    readonly steps: string[];
    readonly undetermined: (step: string) => ClientOrigin;
  },
): ClientOrigin {
  let passed = 0;
  for (const hop of hops) {
    if (hop.kind === 'refused') return on.undetermined(refusal(on.name, hop));
    const proxy = on.trustedProxies.match(hop.address);
    if (proxy === undefined) {
      on.steps.push(`${on.name} names ${hop.address}, the nearest that is no trusted proxy`);
      return { kind: 'determined', address: hop.address, steps: on.steps };
    }
    passed += 1;
    if (passed > mostHops) return on.undetermined(`${on.name} names more than ${mostHops} proxies`);
    on.steps.push(`${on.name} names ${hop.address}, a trusted proxy: ${proxy}`);
  }
  return on.undetermined(`every address in ${on.name} is a trusted proxy; none is the client`);
}

function single(
  [value = '', ...more]: readonly string[],
  name: string,
  steps: string[],
  undetermined: (step: string) => ClientOrigin,
): ClientOrigin {
  if (more.length > 0) return undetermined(`the header ${name} came ${more.length + 1} times`);
  const element = parseAddressElement(value);
  if (element.kind === 'refused') return undetermined(refusal(name, element));
  steps.push(`${name} names ${element.address}`);
  return { kind: 'determined', address: element.address, steps };
}

function refusal(name: string, hop: Extract<AddressElement, { kind: 'refused' }>): string {
  return `${name}: ${JSON.stringify(clipped(hop.text))} ${hop.reason}`;
}

function clipped(text: string): string {
  return text.slice(0, 80).replace(/[^\x20-\x7e]/g, '?');
}

/** The origin in one text, for records and bindings: a proxy's address must never pass for a client's. */
export function originText({ kind, address }: ClientOrigin): string {
  return kind === 'determined' ? address : `undetermined (peer ${address})`;
}
