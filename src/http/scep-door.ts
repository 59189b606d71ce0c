/** The door of devices: RFC 8894 §4 over HTTP, as leniently as clients need it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import { originText } from '../access/index.js';
import { GatewayError, isGatewayError } from '../errors/index.js';
import { mscepPage } from '../ndes/index.js';
import type { Exchange, Exchanges } from './exchange.js';
import type { HttpDeps } from './http.types.js';
import { pageReply } from './ndes-reply.js';
import { createOperationGate } from './operation-gate.js';
import { admitOperation } from './operation-limits.js';
import { refuseMethod } from './other-methods.js';
import { protectPage } from './page-protection.js';
import { sendReply } from './reply.js';
import { readBody } from './request-body.js';
import { bodyLimit, bodyMessage, queryMessage } from './scep-message.js';
import type { ScepQuery } from './scep-query.js';
import { isPkiOperation, mayBePkiOperation, type ScepTarget } from './scep-target.js';
import { placeHolder } from './turnstile.js';

/**
 * Messages on their way in at once. A slow sender costs no more than memory, but a crowd of them could
 * cost all of it. The places are shared as those of operations are, so one address leaves a quarter.
 */
const mostSenders = 1024;

export function scepDoor(deps: HttpDeps, exchanges: Exchanges): RequestHandler {
  const { limits, operations } = deps;
  const { messageBytes } = limits;
  const senders = createOperationGate({
    places: limits.sendersAtOnce ?? mostSenders,
    refused: (caller) => deps.turnedAway('senders', caller),
  });
  const refuse = refuseMethod('GET, HEAD, POST');

  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    exchange: Exchange,
    { profile, query }: ScepTarget,
  ): Promise<void> {
    exchange.profile = profile;
    exchange.operation = query.operation;
    const { correlationId, origin, userAgent } = exchange;
    const address = originText(origin);
    const holder = placeHolder(exchange);
    if (mayBePkiOperation(request, query)) await admitOperation(deps.rateLimits, exchange);
    const receive = () => bodyOf(request, response);
    const body = request.method === 'POST' ? await senders.run(holder, receive) : await receive();
    const operation = query.operation ?? (body?.length ? 'PKIOperation' : undefined);
    if (operation === undefined) {
      sendPage(request, response);
      return;
    }
    exchange.operation = operation;
    const handle = (message: Buffer | undefined) =>
      deps.scep.handle({
        profile,
        operation,
        message,
        client: { correlationId, address, userAgent },
      });
    const {
      status,
      contentType,
      body: content,
      retryAfterSeconds,
    } = isPkiOperation(operation)
      ? await operations.run(holder, () => handle(messageOf(body, query)))
      : await handle(undefined);
    if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', retryAfterSeconds);
    sendReply(response, { status, contentType, body: content });
  }

  /** Undefined for methods without a body. */
  async function bodyOf(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<Buffer | undefined> {
    if (request.method === 'POST') return readBody(request, bodyLimit(messageBytes));
    if (request.method === 'GET' || request.method === 'HEAD') return undefined;
    return refuse(request, response);
  }

  function messageOf(body: Buffer | undefined, query: ScepQuery): Buffer {
    const inQuery = body === undefined || (body.length === 0 && Boolean(query.message));
    return inQuery ? queryMessage(query.message, messageBytes) : bodyMessage(body, messageBytes);
  }

  function sendPage(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === 'POST') {
      throw new GatewayError('http.operation', 'The request names no operation and has no body.');
    }
    protectPage(request, response);
    sendReply(response, pageReply(mscepPage(`${deps.publicUrl ?? ''}/CertSrv/mscep_admin`)));
  }

  return async (request, response, next) => {
    const exchange = exchanges.of(request);
    const { scep } = exchange;
    if (!scep) {
      next();
      return;
    }
    try {
      await answer(request, response, exchange, scep);
    } catch (error) {
      // What could be addressed is counted by its event.
      if (isGatewayError(error) && error.code === 'http.message')
        void deps.rateLimits.brokenMessages.take(originText(exchange.origin));
      throw error;
    }
  };
}
