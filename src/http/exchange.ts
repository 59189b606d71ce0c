import type { IncomingMessage } from 'node:http';
import type { ClientAddress, ClientOrigin, PresentedCertificate } from '../access/index.js';
import type { RequestTarget } from './request-target.js';
import type { ScepTarget } from './scep-target.js';

/** What is known of one request and its answer besides the HTTP objects. */
export interface Exchange {
  readonly correlationId: string;
  readonly target: RequestTarget;
  /** Undefined where the target is none of SCEP's. */
  readonly scep: ScepTarget | undefined;
  readonly origin: ClientOrigin;
  /** That of the origin: for the log and for counting. */
  readonly address: ClientAddress;
  /** What the caller showed; the guard has refused what must not be shown. */
  readonly clientCertificate: PresentedCertificate;
  readonly userAgent: string | undefined;
  /** Milliseconds of `performance.now()`. */
  readonly startedAt: number;
  /** Filled in by the guard: the kind of the route group. */
  group: string | undefined;
  /** Filled in by the route, for the access log. */
  profile: string | undefined;
  operation: string | undefined;
  account: string | undefined;
  /** Told to come again, for there is too much to do. */
  turnedAway?: true;
}

export interface Exchanges {
  begin(request: IncomingMessage, exchange: Exchange): void;
  of(request: IncomingMessage): Exchange;
}

export function createExchanges(): Exchanges {
  const exchanges = new WeakMap<IncomingMessage, Exchange>();
  return {
    begin: (request, exchange) => void exchanges.set(request, exchange),
    of(request) {
      const exchange = exchanges.get(request);
      if (!exchange) throw new RangeError('the request has not begun');
      return exchange;
    },
  };
}
