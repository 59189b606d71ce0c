import type { ClientOrigin } from './access.types.js';
import type { AddressRules } from './address-rules.js';

/** What an address is let in to, or not. */
export type RouteGroup =
  | { readonly kind: 'scep'; readonly profile: string }
  /** The page of challenges, and whatever has no list of its own. */
  | { readonly kind: 'admin' }
  | { readonly kind: 'api' }
  /** CRLs and CA certificates. */
  | { readonly kind: 'publications' }
  /** What monitoring reads. */
  | { readonly kind: 'metrics' }
  /** For load balancers: never restricted. */
  | { readonly kind: 'health' };

export interface AllowLists {
  judge(group: RouteGroup, origin: ClientOrigin): AccessVerdict;
}

/** `step` says in words how it was decided. */
type AccessVerdict =
  | { readonly kind: 'allowed'; readonly step: string }
  /** `rule` is the key of the configuration that says no. */
  | { readonly kind: 'denied'; readonly rule: string; readonly step: string };

export interface AllowListOptions {
  /** By profile; a profile without one is open to every address. */
  readonly scep: ReadonlyMap<string, AddressRules>;
  readonly admin: AddressRules | undefined;
  /** As `admin` when undefined: who may not sign in on the page shall not try it on the API. */
  readonly api: AddressRules | undefined;
  readonly publications: AddressRules | undefined;
  /** The one list that is never open to all by default. */
  readonly metrics: AddressRules;
}

export function createAllowLists(options: AllowListOptions): AllowLists {
  const admin = options.admin && { key: 'access.allow.admin', rules: options.admin };
  const api = options.api ? { key: 'access.allow.api', rules: options.api } : admin;
  const publications = options.publications && {
    key: 'access.allow.publications',
    rules: options.publications,
  };
  const metrics = { key: 'access.allow.metrics', rules: options.metrics };
  const scep = new Map(
    [...options.scep].map(([profile, rules]) => [
      profile,
      { key: `profiles.${profile}.allow`, rules },
    ]),
  );

  function listOf(group: RouteGroup): AllowList | undefined {
    switch (group.kind) {
      case 'scep':
        return scep.get(group.profile);
      case 'admin':
        return admin;
      case 'api':
        return api;
      case 'publications':
        return publications;
      case 'metrics':
        return metrics;
      case 'health':
        return undefined;
    }
  }

  return {
    judge(group, origin) {
      const list = listOf(group);
      return list ? judge(list, origin) : { kind: 'allowed', step: 'no list restricts this' };
    },
  };
}

interface AllowList {
  readonly key: string;
  readonly rules: AddressRules;
}

function judge({ key, rules }: AllowList, { kind, address }: ClientOrigin): AccessVerdict {
  if (kind === 'undetermined') {
    return { kind: 'denied', rule: key, step: `${key} lets in no client without an address` };
  }
  const match = rules.match(address);
  if (match === undefined) {
    return { kind: 'denied', rule: key, step: `${key} does not hold ${address}: ${rules.text()}` };
  }
  return { kind: 'allowed', step: `${key} holds ${address}: ${match}` };
}

/** Everybody everywhere. */
export const openToAll: AllowLists = createAllowLists({
  scep: new Map(),
  admin: undefined,
  api: undefined,
  publications: undefined,
  metrics: { match: () => 'every address', text: () => 'every address' },
});
