/** Configuration → who may call, for the running gateway and for `access explain` alike. */
import {
  createAddressRules,
  createAllowLists,
  createClientAddress,
  createProxyProtocol,
  createRateLimits,
  openAddressLists,
  type AddressListNotice,
  type AddressLists,
  type AddressRule,
  type AddressRules,
  type AddressSource,
  type AllowLists,
  type ClientAddressOptions,
  type ClientAddressResolver,
  type ListenerChannel,
  type OpenTallyBook,
  type ProxyProtocol,
  type RateLimits,
} from '../access/index.js';
import { parseNetwork } from '../address/index.js';
import type { GatewayConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';

export interface GatewayAccess {
  readonly lists: AddressLists;
  readonly allowLists: AllowLists;
  readonly rateLimits: RateLimits;
  /** In the order of the configuration. */
  readonly listeners: readonly ListenerAccess[];
}

export interface ListenerAccess {
  readonly address: string;
  readonly origin: ClientAddressOptions;
  readonly clientAddress: ClientAddressResolver;
  readonly proxyProtocol: ProxyProtocol | undefined;
  readonly channel: ListenerChannel;
}

/**
 * Reads the address lists.
 * @throws GatewayError `config.unreadable` when one cannot be used
 */
export async function openAccess(
  config: Pick<GatewayConfig, 'access' | 'listeners' | 'profiles'>,
  options: {
    readonly clock: () => Date;
    readonly report: (notice: AddressListNotice) => void;
    /** Where several gateways count together. */
    readonly share?: ((counter: string) => OpenTallyBook) | undefined;
  },
): Promise<GatewayAccess> {
  const { access, listeners, profiles } = config;
  const files = Object.entries(access.lists).map(([name, list]) => ({ name, ...list }));
  const lists = await openAddressLists({ files, ...options });
  const rulesOf = (entries: readonly string[]) => addressRules(entries, lists);
  const optional = (entries: readonly string[] | undefined) => entries && rulesOf(entries);
  const scep = Object.entries(profiles).flatMap(([name, { allow }]): [string, AddressRules][] =>
    allow ? [[name, rulesOf(allow)]] : [],
  );
  return {
    lists,
    allowLists: createAllowLists({
      scep: new Map(scep),
      admin: optional(access.allow.admin),
      api: optional(access.allow.api),
      publications: optional(access.allow.publications),
      metrics: rulesOf(access.allow.metrics),
    }),
    rateLimits: createRateLimits(access.rateLimits, options.share),
    listeners: listeners.map((listener) => listenerAccess(listener, rulesOf)),
  };
}

function listenerAccess(
  { address, clientAddress, proxyProtocol, ntlmBehindProxies }: GatewayConfig['listeners'][number],
  rulesOf: (entries: readonly string[]) => AddressRules,
): ListenerAccess {
  const trustedProxies = rulesOf(clientAddress.trustedProxies ?? []);
  const versions = proxyVersions[proxyProtocol];
  const protocol =
    versions.length > 0 ? createProxyProtocol({ versions, trustedProxies }) : undefined;
  const origin: ClientAddressOptions = {
    trustedProxies,
    source: protocol
      ? { kind: 'proxy-protocol', protocol }
      : addressSource(clientAddress.source.toLowerCase()),
    requiredHeaders: Object.entries(clientAddress.requiredHeaders).map(([name, value]) => ({
      name,
      value,
    })),
  };
  return {
    address,
    origin,
    clientAddress: createClientAddress(origin),
    proxyProtocol: protocol,
    channel: {
      behindProxies: clientAddress.trustedProxies !== undefined,
      proxyProtocol: protocol !== undefined,
      notShared: ntlmBehindProxies === 'connection-is-not-shared',
    },
  };
}

const proxyVersions = { off: [], v1: [1], v2: [2], both: [1, 2] } as const;

function addressSource(text: string): AddressSource {
  if (text === 'none' || text === 'x-forwarded-for' || text === 'forwarded') return { kind: text };
  return { kind: 'header', name: text.replace(/^header:/, '') };
}

function addressRules(entries: readonly string[], lists: AddressLists): AddressRules {
  const names = new Set(lists.all().map(({ name }) => name));
  const rules = entries.map((entry): AddressRule => {
    if (names.has(entry)) return { kind: 'list', name: entry };
    const outcome = parseNetwork(entry);
    if (outcome.kind === 'network') return outcome;
    throw new GatewayError('internal', 'An address rule was not checked.', { detail: entry });
  });
  return createAddressRules(rules, lists);
}
