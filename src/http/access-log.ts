/** The first stop of every request: its correlation id, the headers every answer has, its log line. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import type { ListenerCertificates } from '../access/index.js';
import type { Exchange, Exchanges } from './exchange.js';
import type { HttpDeps } from './http.types.js';
import { requestTarget } from './request-target.js';
import { createScepTargets } from './scep-target.js';

/** Asked for every few seconds, by machines. */
const watched: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

/**
 * One line a request, at level debug for those that come in floods. Never the query (challenges and messages
 * travel there), never credentials.
 */
export function beginExchange(
  deps: Pick<
    HttpDeps,
    'clientAddress' | 'defaultProfile' | 'log' | 'metrics' | 'newCorrelationId' | 'profiles'
  > & {
    readonly certificates: (request: IncomingMessage) => ListenerCertificates;
  },
  exchanges: Exchanges,
): RequestHandler {
  const scepTarget = createScepTargets(deps.profiles, deps.defaultProfile);

  function write(request: IncomingMessage, response: ServerResponse, exchange: Exchange): void {
    const { path } = exchange.target;
    const millis = performance.now() - exchange.startedAt;
    const { group = 'none', operation, profile } = exchange;
    const status = response.statusCode;
    deps.metrics.answered({ group, operation, profile, status, seconds: millis / 1000 });
    const isMany = watched.has(path) || exchange.turnedAway === true;
    deps.log[isMany ? 'debug' : 'info']('request', {
      correlationId: exchange.correlationId,
      method: request.method,
      path: clipped(path),
      status,
      ms: Math.round(millis * 10) / 10,
      address: exchange.address,
      undetermined: exchange.origin.kind === 'undetermined' ? true : undefined,
      agent: clipped(exchange.userAgent),
      profile,
      operation: clipped(operation),
      account: exchange.account,
      aborted: response.writableFinished ? undefined : true,
    });
  }

  return (request, response, next) => {
    const origin = deps.clientAddress(request);
    const target = requestTarget(request.url);
    const exchange: Exchange = {
      correlationId: deps.newCorrelationId(),
      target,
      scep: scepTarget(target),
      origin,
      address: origin.address,
      clientCertificate: deps.certificates(request).of(request),
      userAgent: request.headers['user-agent'],
      startedAt: performance.now(),
      group: undefined,
      profile: undefined,
      operation: undefined,
      account: undefined,
    };
    response.setHeader('X-Correlation-Id', exchange.correlationId);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cache-Control', 'no-store');
    response.once('close', () => write(request, response, exchange));
    exchanges.begin(request, exchange);
    next();
  };
}

/** Text of a stranger in a log line: short and printable. */
function clipped(text: string | undefined): string | undefined {
  return text?.slice(0, 200).replace(/[^\x20-\x7e]/g, '?');
}
