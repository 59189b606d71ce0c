/** The first stop of every request, before Express has it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClientAddressResolver, ListenerCertificates } from '../access/index.js';
import type { AccessLog } from './access-log.js';
import { errorReply, loggedFault } from './error-response.js';
import type { Exchange, Exchanges } from './exchange.js';
import type { HttpDeps } from './http.types.js';
import type { Reply } from './reply.js';
import { requestTarget } from './request-target.js';
import { createScepTargets } from './scep-target.js';
import type { Turnstile } from './turnstile.js';

/** What is known of the caller where the request came in. */
interface Reading {
  readonly clientAddress: ClientAddressResolver;
  readonly certificates: ListenerCertificates;
}

interface ArrivalDeps extends Pick<
  HttpDeps,
  'defaultProfile' | 'log' | 'newCorrelationId' | 'profiles'
> {
  readonly accessLog: AccessLog;
  readonly turnstile: Turnstile;
  readonly exchanges: Exchanges;
}

/**
 * Gives each request its exchange. Whoever brings an operation for which there is no place is answered here:
 * Express costs as much as the rest of such a refusal, and in a flood that is taken from those who are served.
 *
 * @returns whether the request goes on
 */
export function createArrival(
  deps: ArrivalDeps,
): (request: IncomingMessage, response: ServerResponse, reading: Reading) => boolean {
  const { accessLog, turnstile, exchanges } = deps;
  const scepTarget = createScepTargets(deps.profiles, deps.defaultProfile);

  function open(request: IncomingMessage, { clientAddress, certificates }: Reading): Exchange {
    const origin = clientAddress(request);
    const target = requestTarget(request.url ?? '/');
    return {
      correlationId: deps.newCorrelationId(),
      target,
      scep: scepTarget(target),
      origin,
      address: origin.address,
      clientCertificate: certificates.of(request),
      userAgent: request.headers['user-agent'],
      startedAt: performance.now(),
      group: undefined,
      profile: undefined,
      operation: undefined,
      account: undefined,
    };
  }

  function admit(request: IncomingMessage, response: ServerResponse, reading: Reading): boolean {
    const exchange = open(request, reading);
    const refusal = turnstile(request, response, exchange);
    if (refusal) {
      answerAtOnce(response, exchange.correlationId, refusal);
      accessLog.write(request, response, exchange, true);
      return false;
    }
    for (const [name, value] of everyAnswer(exchange.correlationId))
      response.setHeader(name, value);
    response.once('close', () =>
      accessLog.write(request, response, exchange, response.writableFinished),
    );
    exchanges.begin(request, exchange);
    return true;
  }

  return (request, response, reading) => {
    try {
      return admit(request, response, reading);
    } catch (error) {
      // Nobody else would catch it, and one request would end the gateway.
      const correlationId = deps.newCorrelationId();
      deps.log.error('request failed', { correlationId, ...loggedFault(error) });
      answerAtOnce(response, correlationId, errorReply(error, correlationId, 'text'));
      return false;
    }
  };
}

function everyAnswer(correlationId: string): readonly (readonly [string, string])[] {
  return [
    ['X-Correlation-Id', correlationId],
    ['X-Content-Type-Options', 'nosniff'],
    ['Cache-Control', 'no-store'],
  ];
}

/** All headers in one list: node writes it down as it stands, without looking for names that come twice. */
function answerAtOnce(
  response: ServerResponse,
  correlationId: string,
  { status, contentType, body, headers = {} }: Reply,
): void {
  const length = ['Content-Type', contentType, 'Content-Length', String(Buffer.byteLength(body))];
  const all = [...everyAnswer(correlationId), ...Object.entries(headers)].flat();
  response.writeHead(status, [...all, ...length]);
  response.end(body);
}
