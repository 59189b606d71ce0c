import { parseIpAddress, type IpAddress } from '../address/index.js';

/** One hop as a header names it. */
export type AddressElement =
  | { readonly kind: 'address'; readonly address: IpAddress }
  /** `reason` completes "`text` …". */
  | { readonly kind: 'refused'; readonly text: string; readonly reason: string };

/**
 * One address as proxies write it: bare (App Proxy, nginx), with a port (Azure Application Gateway, App
 * Service, ALB on request), IPv6 bare or in brackets. `2001:db8::1:443` is an address of its own: a port
 * is never guessed. What is no address is refused, never skipped: the hop behind it is the sender's word.
 */
export function parseAddressElement(element: string): AddressElement {
  const text = trimBlanks(element);
  if (text === '') return refused(text, 'is empty');
  if (text.includes('%')) return refused(text, 'has a zone id, or is encoded');
  if (/^unknown$/i.test(text)) return refused(text, 'hides the address');
  if (text.startsWith('_')) return refused(text, 'is an obfuscated name');
  const address = parseIpAddress(text) ?? withoutPort(text);
  return address === undefined ? refused(text, 'is no IP address') : { kind: 'address', address };
}

/** OWS of RFC 9110 §5.6.3, both ends. */
export function trimBlanks(text: string): string {
  return text.replace(/^[ \t]+/, '').replace(/(?<![ \t])[ \t]+$/, '');
}

function withoutPort(text: string): IpAddress | undefined {
  const parts = /^(?:\[([0-9A-Fa-f.]*:[0-9A-Fa-f:.]{1,45})\]|([0-9.]{7,15}))(?::(\d{1,5}))?$/.exec(
    text,
  );
  if (!parts || Number(parts[3] ?? 0) > 65_535) return undefined;
  return parseIpAddress(parts[1] ?? parts[2] ?? '');
}

function refused(text: string, reason: string): AddressElement {
  return { kind: 'refused', text, reason };
}
