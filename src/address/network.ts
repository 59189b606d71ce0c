import {
  addressBits,
  bitsIn,
  familyOf,
  parseIpAddress,
  type AddressFamily,
  type IpAddress,
} from './ip-address.js';

/** A range of addresses in CIDR; a single address has the longest prefix. */
export interface Network {
  readonly address: IpAddress;
  readonly prefix: number;
  readonly family: AddressFamily;
  /** `192.0.2.0/24`, `192.0.2.7`. */
  readonly text: string;
}

export type NetworkOutcome =
  | { readonly kind: 'network'; readonly network: Network }
  /** `reason` completes "… is no network: it …"; `mend` says what to write. */
  | { readonly kind: 'refused'; readonly reason: string; readonly mend: string };

/** `192.0.2.0/24`, `2001:db8::/32`, or one address. Bits beyond the prefix are a slip of the pen. */
export function parseNetwork(text: string): NetworkOutcome {
  const slash = text.indexOf('/');
  const base = slash < 0 ? text : text.slice(0, slash);
  const address = parseIpAddress(base);
  if (address === undefined) {
    return refused('is no IP address', 'write an address, or a network such as `192.0.2.0/24`');
  }
  const family = familyOf(address);
  const longest = bitsIn(family);
  if (slash < 0) return found({ address, prefix: longest, family, text: address });
  if (family === 'ipv4' && base.includes(':')) {
    return refused('is an IPv4 network in IPv6 clothes', 'write it as IPv4');
  }
  const digits = text.slice(slash + 1);
  const prefix = Number(digits);
  if (!/^(?:0|[1-9]\d{0,2})$/.test(digits) || prefix > longest) {
    return refused('has no usable prefix length', `write a length from 0 to ${longest}`);
  }
  const rest = BigInt(longest - prefix);
  if ((addressBits(address) >> rest) << rest !== addressBits(address)) {
    return refused(
      `has bits beyond its prefix of ${prefix}`,
      'write the first address of the network, or a longer prefix',
    );
  }
  return found({ address, prefix, family, text: `${address}/${prefix}` });
}

function found(network: Network): NetworkOutcome {
  return { kind: 'network', network };
}

function refused(reason: string, mend: string): NetworkOutcome {
  return { kind: 'refused', reason, mend };
}
