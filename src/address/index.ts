/** IP addresses and networks as values; lists of them as text. */
export { parseIpAddress, subscriberOf, type IpAddress } from './ip-address.js';
export { parseNetworkList } from './network-list.js';
export { createNetworkSet, type NetworkSet } from './network-set.js';
export { parseNetwork, type Network } from './network.js';
