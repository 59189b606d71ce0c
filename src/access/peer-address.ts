import { parseIpAddress, type IpAddress } from '../address/index.js';

/**
 * The peer of a TCP connection as the operating system names it, without the zone of a link-local address.
 * `0.0.0.0` stands for a peer that left before it was asked.
 */
export function peerAddress(remoteAddress: string | undefined): IpAddress {
  const [withoutZone = ''] = (remoteAddress ?? '').split('%');
  return parseIpAddress(withoutZone) ?? unspecified;
}

const unspecified = '0.0.0.0' as IpAddress;
