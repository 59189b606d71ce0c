import type { ErrorRequestHandler } from 'express';
import { isGatewayError } from '../errors/index.js';
import type { Log, LogFields } from '../telemetry/index.js';
import { errorReply, isOurFault, loggedFault } from './error-response.js';
import type { Exchanges } from './exchange.js';
import { sendReply } from './reply.js';

/** The end of every request that failed. What the caller does not see stands in the log. */
export function createErrorHandler(
  { log }: { readonly log: Log },
  exchanges: Exchanges,
): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars
  return (error: unknown, request, response, _next) => {
    const exchange = exchanges.of(request);
    const { correlationId, target } = exchange;
    if (isGatewayError(error) && error.code === 'http.overload') exchange.turnedAway = true;
    if (isOurFault(error)) log.error('request failed', { correlationId, ...loggedFault(error) });
    else log.debug('request refused', { correlationId, ...loggedRefusal(error) });
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const format = /^\/api\//i.test(target.path) ? 'json' : 'text';
    sendReply(response, errorReply(error, correlationId, format));
  };
}

/** Without stacks: to write one down costs a tenth of a refusal, and strangers send what is refused. */
function loggedRefusal(error: unknown): LogFields {
  if (!isGatewayError(error)) return loggedFault(error);
  const { code, message, detail, cause } = error;
  return {
    code,
    error: message,
    detail,
    cause: cause instanceof Error ? cause.message : undefined,
  };
}
