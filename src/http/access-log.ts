import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Exchange } from './exchange.js';
import type { HttpDeps } from './http.types.js';

/** Asked for every few seconds, by machines. */
const watched: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

/** The end of every exchange: its numbers, and one line in the log. */
export interface AccessLog {
  /** @param isWhole the answer went out to its end */
  write(
    request: Pick<IncomingMessage, 'method'>,
    response: Pick<ServerResponse, 'statusCode'>,
    exchange: Exchange,
    isWhole: boolean,
  ): void;
}

/**
 * At level debug for those that come in floods. Never the query (challenges and messages travel there), never
 * credentials.
 */
export function createAccessLog({ log, metrics }: Pick<HttpDeps, 'log' | 'metrics'>): AccessLog {
  return {
    write({ method }, { statusCode: status }, exchange, isWhole) {
      const { path } = exchange.target;
      const millis = performance.now() - exchange.startedAt;
      const { group = 'none', operation, profile } = exchange;
      metrics.answered({ group, operation, profile, status, seconds: millis / 1000 });
      const isMany = watched.has(path) || exchange.turnedAway === true;
      log[isMany ? 'debug' : 'info']('request', {
        correlationId: exchange.correlationId,
        method,
        path: clipped(path),
        status,
        ms: Math.round(millis * 10) / 10,
        address: exchange.address,
        undetermined: exchange.origin.kind === 'undetermined' ? true : undefined,
        agent: clipped(exchange.userAgent),
        profile,
        operation: clipped(operation),
        account: exchange.account,
        aborted: isWhole ? undefined : true,
      });
    },
  };
}

/** Text of a stranger in a log line: short and printable. */
function clipped(text: string | undefined): string | undefined {
  return text?.slice(0, 200).replace(/[^\x20-\x7e]/g, '?');
}
