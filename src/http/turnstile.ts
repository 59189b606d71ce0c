import type { RequestHandler } from 'express';
import { callerKey, originText } from '../access/index.js';
import type { Exchange, Exchanges } from './exchange.js';
import { waitsForContinue } from './expectation.js';
import type { OperationGate } from './operation-gate.js';
import { mayBePkiOperation } from './scep-target.js';

/**
 * Tells whoever brings an operation for which there is no place to come again: before guard, limits and body,
 * because what is turned away in a flood is taken from those who are served.
 */
export function turnstile(
  operations: Pick<OperationGate, 'hasPlace' | 'require'>,
  exchanges: Exchanges,
): RequestHandler {
  return (request, response, next) => {
    const exchange = exchanges.of(request);
    const { scep } = exchange;
    if (scep && mayBePkiOperation(request, scep.query)) {
      const holder = placeHolder(exchange);
      if (!operations.hasPlace(holder)) {
        exchange.group = 'scep';
        exchange.profile = scep.profile;
        exchange.operation = scep.query.operation;
        if (waitsForContinue(request)) response.setHeader('Connection', 'close');
        operations.require(holder);
      }
    }
    next();
  };
}

/** Who takes a place, as rate limits count: whoever has one IPv6 address has a whole /64 of them. */
export function placeHolder({ origin }: Pick<Exchange, 'origin'>): string {
  return callerKey(originText(origin));
}
