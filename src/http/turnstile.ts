import type { IncomingMessage, ServerResponse } from 'node:http';
import { callerKey, originText } from '../access/index.js';
import { errorReply } from './error-response.js';
import type { Exchange } from './exchange.js';
import { waitsForContinue } from './expectation.js';
import type { OperationGate } from './operation-gate.js';
import type { Reply } from './reply.js';
import { mayBePkiOperation } from './scep-target.js';

/** What whoever has to come again is told; undefined for all others. */
export type Turnstile = (
  request: IncomingMessage,
  response: ServerResponse,
  exchange: Exchange,
) => Reply | undefined;

/**
 * Tells whoever brings an operation for which there is no place to come again: before guard, limits and body,
 * because what is turned away in a flood is taken from those who are served.
 */
export function createTurnstile(operations: Pick<OperationGate, 'refusal'>): Turnstile {
  return (request, response, exchange) => {
    const { scep, correlationId } = exchange;
    if (!scep || !mayBePkiOperation(request, scep.query)) return undefined;
    const refusal = operations.refusal(placeHolder(exchange));
    if (!refusal) return undefined;
    exchange.group = 'scep';
    exchange.profile = scep.profile;
    exchange.operation = scep.query.operation;
    exchange.turnedAway = true;
    if (waitsForContinue(request)) response.shouldKeepAlive = false;
    return errorReply(refusal, correlationId, 'text');
  };
}

/** Who takes a place, as rate limits count: whoever has one IPv6 address has a whole /64 of them. */
export function placeHolder({ origin }: Pick<Exchange, 'origin'>): string {
  return callerKey(originText(origin));
}
