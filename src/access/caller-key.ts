import { parseIpAddress, subscriberOf } from '../address/index.js';

/** One IPv6 subscriber is one caller, whatever address of its 2^64 it takes next. */
export function callerKey(caller: string): string {
  const address = parseIpAddress(caller);
  return address === undefined ? caller.slice(0, 128) : subscriberOf(address);
}
