import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import {
  createAddressRules,
  createClientAddress,
  type AddressRules,
  type AddressSource,
  type ClientAddress,
  type ClientOrigin,
} from '../../src/access/index.js';
import { parseIpAddress, parseNetwork } from '../../src/address/index.js';

/** Rules of networks alone. */
export function rulesOf(...entries: readonly string[]): AddressRules {
  const rules = entries.map((entry) => {
    const outcome = parseNetwork(entry);
    if (outcome.kind !== 'network') throw new RangeError(outcome.reason);
    return outcome;
  });
  return createAddressRules(rules, {
    get: () => {
      throw new RangeError('there are no lists');
    },
  });
}

export function addressOf(text: string): ClientAddress {
  const address = parseIpAddress(text);
  if (address === undefined) throw new RangeError(text);
  return address;
}

/** A request that never was sent. */
export function arrival(peer: string | undefined, rawHeaders: readonly string[]): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: peer });
  const request = new IncomingMessage(socket);
  request.rawHeaders.push(...rawHeaders);
  return request;
}

/** The connectors of the tests. */
export const proxies = rulesOf('10.0.0.0/24', '2001:db8:ffff::/48');

export function originThrough(
  source: AddressSource,
  rawHeaders: readonly string[],
  options: {
    readonly peer?: string;
    readonly requiredHeaders?: readonly { readonly name: string; readonly value: string }[];
  } = {},
): ClientOrigin {
  const { peer = '10.0.0.5', requiredHeaders = [] } = options;
  const resolve = createClientAddress({ trustedProxies: proxies, source, requiredHeaders });
  return resolve(arrival(peer, rawHeaders));
}
