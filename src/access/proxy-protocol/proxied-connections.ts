import { parseIpAddress } from '../../address/index.js';
import type { AddressRules } from '../address-rules.js';
import { peerAddress } from '../peer-address.js';
import { parseProxyHeader } from './header.js';
import type { ProxyHeaderOutcome } from './outcome.js';

/** The far end of a connection. */
interface Peer {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

export type ProxyHeader = Extract<ProxyHeaderOutcome, { kind: 'complete' }>;

/** The PROXY protocol on one listener: who must speak it, and what was said on each connection. */
export interface ProxyProtocol {
  /** From a trusted proxy the header is a must; from anybody else it is never read. */
  expects(peer: Peer): boolean;
  parse(received: Buffer): ProxyHeaderOutcome;
  /** Remembers the header until the function it returns is called at the end of the connection. */
  begin(peer: Peer, header: ProxyHeader): () => void;
  headerOf(peer: Peer): ProxyHeader | undefined;
}

export function createProxyProtocol(options: {
  readonly versions: readonly (1 | 2)[];
  readonly trustedProxies: AddressRules;
}): ProxyProtocol {
  // By address and port, not by socket: under TLS a request sees another socket than the connection.
  const headers = new Map<string, ProxyHeader>();
  return {
    expects({ remoteAddress }) {
      const address = parseIpAddress(peerAddress(remoteAddress));
      return address !== undefined && options.trustedProxies.match(address) !== undefined;
    },
    parse: (received) => parseProxyHeader(received, options.versions),
    begin(peer, header) {
      const key = keyOf(peer);
      headers.set(key, header);
      return () => {
        if (headers.get(key) === header) headers.delete(key);
      };
    },
    headerOf: (peer) => headers.get(keyOf(peer)),
  };
}

function keyOf({ remoteAddress = '', remotePort = 0 }: Peer): string {
  return `${remoteAddress} ${remotePort}`;
}
