/** The first stop of every request: its correlation id, the headers every answer has, its log line. */
import type { RequestHandler } from 'express';
import type { Exchange, Exchanges } from './exchange.js';
import type { HttpDeps } from './http.types.js';
import { requestTarget } from './request-target.js';

/** One line a request. Never the query (challenges and messages travel there), never credentials. */
export function accessLog(
  deps: Pick<HttpDeps, 'clientAddress' | 'withCorrelation' | 'newCorrelationId' | 'log'>,
  exchanges: Exchanges,
): RequestHandler {
  return (request, response, next) => {
    const correlationId = deps.newCorrelationId();
    const exchange: Exchange = {
      correlationId,
      address: deps.clientAddress(request),
      userAgent: request.headers['user-agent'],
      startedAt: performance.now(),
      profile: undefined,
      operation: undefined,
      account: undefined,
    };
    exchanges.begin(request, exchange);
    response.setHeader('X-Correlation-Id', correlationId);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cache-Control', 'no-store');
    const { method, url } = request;
    response.once('close', () =>
      deps.withCorrelation(correlationId, () => {
        const { path } = requestTarget(url);
        const level = path === '/healthz' ? 'debug' : 'info';
        deps.log[level]('request', {
          method,
          path: clipped(path),
          status: response.statusCode,
          ms: Math.round((performance.now() - exchange.startedAt) * 10) / 10,
          address: exchange.address,
          agent: clipped(exchange.userAgent),
          profile: exchange.profile,
          operation: clipped(exchange.operation),
          account: exchange.account,
          aborted: response.writableFinished ? undefined : true,
        });
      }),
    );
    deps.withCorrelation(correlationId, () => next());
  };
}

/** Text of a stranger in a log line: short and printable. */
function clipped(text: string | undefined): string | undefined {
  return text?.slice(0, 200).replace(/[^\x20-\x7e]/g, '?');
}
