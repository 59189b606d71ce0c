import { BlockList, isIPv4, isIPv6, SocketAddress } from 'node:net';

/** Whether the text is an address or a CIDR that `isRequester` can compare with. */
export function isAddressRange(range: string): boolean {
  return parseRange(range) !== undefined;
}

/** True when `address` is `range` or lies in it; false for anything that is no address. */
export function isRequester(range: string, address: string): boolean {
  const parsed = parseRange(range);
  const { text, family } = canonicalAddress(address);
  if (!parsed || parsed.family !== family) return false;
  const list = new BlockList();
  list.addSubnet(parsed.address, parsed.prefix, parsed.family);
  return list.check(text, family);
}

type Family = 'ipv4' | 'ipv6';

function parseRange(
  range: string,
): { readonly address: string; readonly prefix: number; readonly family: Family } | undefined {
  const [base = '', length, ...rest] = range.trim().split('/');
  const { text, family } = canonicalAddress(base);
  if (!family || rest.length > 0) return undefined;
  const longest = family === 'ipv4' ? 32 : 128;
  if (length === undefined) return { address: text, prefix: longest, family };
  if (!/^\d{1,3}$/.test(length) || Number(length) > longest) return undefined;
  return { address: text, prefix: Number(length), family };
}

/** A dual-stack listener reports IPv4 clients as ::ffff:192.0.2.1; a link-local address has a zone. */
function canonicalAddress(address: string): {
  readonly text: string;
  readonly family: Family | undefined;
} {
  const text = address.trim().replace(/%.*$/, '');
  if (isIPv4(text)) return { text, family: 'ipv4' };
  if (!isIPv6(text)) return { text, family: undefined };
  const canonical = new SocketAddress({ address: text, family: 'ipv6' }).address;
  const mapped = canonical.replace(/^::ffff:/i, '');
  return isIPv4(mapped) ? { text: mapped, family: 'ipv4' } : { text: canonical, family: 'ipv6' };
}
