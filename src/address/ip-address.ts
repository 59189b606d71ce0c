import { isIP, SocketAddress } from 'node:net';

/** An IP address in its one canonical spelling; IPv4-mapped IPv6 is folded to IPv4. */
export type IpAddress = string & { readonly __brand: 'IpAddress' };

export type AddressFamily = 'ipv4' | 'ipv6';

/**
 * Dotted decimal or RFC 4291 text, nothing else. Octal, hexadecimal, integer and short IPv4 forms are
 * refused, because readers disagree about them (`066.208.14.206` is 54.208.14.206 to some); so are zone
 * ids, which mean something on one machine only.
 */
export function parseIpAddress(text: string): IpAddress | undefined {
  const version = isIP(text);
  if (version === 4) return canonical(text);
  if (version !== 6 || text.includes('%')) return undefined;
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  return canonical(/^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address);
}

export function familyOf(address: IpAddress): AddressFamily {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

export function bitsIn(family: AddressFamily): 32 | 128 {
  return family === 'ipv4' ? 32 : 128;
}

/** The address as a number of 32 or 128 bits. */
export function addressBits(address: IpAddress): bigint {
  if (familyOf(address) === 'ipv4') return quadBits(address);
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const quad = quadBits(dotted?.[2] ?? '0.0.0.0');
  const text = dotted ? `${dotted[1] ?? ''}${hex(quad >> 16n)}:${hex(quad & 0xffffn)}` : address;
  const [head = '', tail] = text.split('::');
  const first = groups(head);
  const last = groups(tail ?? '');
  const zeros = new Array<bigint>(8 - first.length - last.length).fill(0n);
  return [...first, ...zeros, ...last].reduce((bits, group) => (bits << 16n) | group, 0n);
}

/** The first 64 bits of an IPv6 address as text: what one subscriber gets; an IPv4 address as it is. */
export function subscriberOf(address: IpAddress): string {
  if (familyOf(address) === 'ipv4') return address;
  return `${(addressBits(address) >> 64n).toString(16)}/64`;
}

function quadBits(text: string): bigint {
  return text.split('.').reduce((bits, octet) => (bits << 8n) | BigInt(octet), 0n);
}

function groups(text: string): bigint[] {
  return text === '' ? [] : text.split(':').map((group) => BigInt(`0x${group}`));
}

function hex(bits: bigint): string {
  return bits.toString(16);
}

function canonical(text: string): IpAddress {
  return text as IpAddress;
}
