import { createNetworkSet, type IpAddress, type Network } from '../address/index.js';
import type { AddressLists } from './address-lists.js';

/** Addresses by network and by named list. */
export interface AddressRules {
  /** What the address lies in, for people: `10.0.0.0/8`, `list jamf-cloud (…)`; undefined when in nothing. */
  match(address: IpAddress): string | undefined;
  /** All of them as they stand now, lists with their size and date. */
  readonly text: () => string;
}

export type AddressRule =
  | { readonly kind: 'network'; readonly network: Network }
  | { readonly kind: 'list'; readonly name: string };

/** Lists are asked anew each time: they change while we run. */
export function createAddressRules(
  rules: readonly AddressRule[],
  lists: Pick<AddressLists, 'get'>,
): AddressRules {
  const matchers = rules.map((rule) => {
    if (rule.kind === 'list') {
      return (address: IpAddress) => {
        const list = lists.get(rule.name);
        return list.networks.has(address) ? list.text : undefined;
      };
    }
    const set = createNetworkSet([rule.network]);
    return (address: IpAddress) => (set.has(address) ? rule.network.text : undefined);
  });
  return {
    text: () =>
      rules
        .map((rule) => (rule.kind === 'list' ? lists.get(rule.name).text : rule.network.text))
        .join(', '),
    match(address) {
      for (const matcher of matchers) {
        const text = matcher(address);
        if (text !== undefined) return text;
      }
      return undefined;
    },
  };
}
