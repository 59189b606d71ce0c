import type { IpAddress } from '../../address/index.js';

/** What the first octets of a connection are. */
export type ProxyHeaderOutcome =
  | { readonly kind: 'incomplete' }
  | {
      readonly kind: 'complete';
      readonly version: 1 | 2;
      /** Octets of the header; HTTP or TLS begins behind it. */
      readonly length: number;
      /** Undefined when the header names no client: LOCAL, UNKNOWN, a UNIX socket. */
      readonly source: IpAddress | undefined;
    }
  /** `reason` completes "The connection was refused: …". */
  | { readonly kind: 'invalid'; readonly reason: string };
