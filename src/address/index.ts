/** IP addresses and networks as values; lists of them as text. */
export {
  familyOf,
  parseIpAddress,
  subscriberOf,
  type AddressFamily,
  type IpAddress,
} from './ip-address.js';
export { parseNetwork, type Network, type NetworkOutcome } from './network.js';
export { parseNetworkList, type NetworkList, type NetworkListOutcome } from './network-list.js';
export { createNetworkSet, type NetworkSet } from './network-set.js';
