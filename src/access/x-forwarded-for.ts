import { parseAddressElement, type AddressElement } from './address-element.js';

/**
 * The hops of `X-Forwarded-For`, the nearest first. Several lines are one list (RFC 9110 §5.3); only what
 * is asked for is looked at, so that nothing the sender wrote before our proxies counts.
 */
export function* forwardedForHops(lines: readonly string[]): Generator<AddressElement> {
  for (const line of lines.toReversed()) {
    for (let end = line.length; ;) {
      const comma = end === 0 ? -1 : line.lastIndexOf(',', end - 1);
      yield parseAddressElement(line.slice(comma + 1, end));
      if (comma < 0) break;
      end = comma;
    }
  }
}
