import { isIP } from 'node:net';
import type { ClientAddress, ClientAddressResolver } from './access.types.js';

/** The peer of the TCP connection, whatever the headers say: right while no proxy is configured. */
export const socketPeerAddress: ClientAddressResolver = (request) =>
  clientAddress(request.socket.remoteAddress) ?? unspecified;

/** Stands for the peer of a socket that closed before it was asked. */
const unspecified = '0.0.0.0' as ClientAddress;

function clientAddress(text: string | undefined): ClientAddress | undefined {
  if (text === undefined) return undefined;
  const [withoutZone = ''] = text.split('%');
  const folded = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(withoutZone)?.[1] ?? withoutZone;
  return isClientAddress(folded) ? folded : undefined;
}

function isClientAddress(text: string): text is ClientAddress {
  return isIP(text) !== 0;
}
