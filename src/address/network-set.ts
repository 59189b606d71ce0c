import { BlockList } from 'node:net';
import { familyOf, type IpAddress } from './ip-address.js';
import type { Network } from './network.js';

export interface NetworkSet {
  has(address: IpAddress): boolean;
}

/** One list a family: an IPv4 address lies in no IPv6 network, not even in `::/0`. */
export function createNetworkSet(networks: readonly Network[]): NetworkSet {
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const { address, prefix, family } of networks) {
    lists[family].addSubnet(address, prefix, family);
  }
  return {
    has(address) {
      const family = familyOf(address);
      return lists[family].check(address, family);
    },
  };
}
