/** The allow lists, before anything of a request but its address and its path is looked at. */
import type { RequestHandler } from 'express';
import { createRateLimit, originText, type AccessVerdict } from '../access/index.js';
import { GatewayError } from '../errors/index.js';
import type { Exchange, Exchanges } from './exchange.js';
import type { HttpDeps } from './http.types.js';
import { createRouteGroups } from './route-group.js';

/** Audit records of denials: a flood from one address, or from many, must not fill the disk. */
const recordsOfAddress = { count: 60, seconds: 60 };
const recordsOfAll = { count: 6000, seconds: 60 };

export function accessGuard(
  deps: Pick<HttpDeps, 'profiles' | 'defaultProfile' | 'allowLists' | 'audit' | 'clock' | 'log'>,
  exchanges: Exchanges,
): RequestHandler {
  const groupOf = createRouteGroups(deps.profiles, deps.defaultProfile);
  const ofAddress = createRateLimit(recordsOfAddress);
  const ofAll = createRateLimit(recordsOfAll);

  /** Resolves when the record is durable; the caller is refused even where it cannot be. */
  async function record(
    exchange: Exchange,
    profile: string | undefined,
    { step }: AccessVerdict,
  ): Promise<void> {
    const { correlationId, origin, address } = exchange;
    const reason = [...origin.steps, step].join('; ');
    if ((await ofAddress.take(address)) > 0 || (await ofAll.take('')) > 0) {
      deps.log.debug('access denied', { address, reason });
      return;
    }
    try {
      await deps.audit({
        at: deps.clock(),
        event: 'access.denied',
        correlationId,
        profile,
        transactionId: undefined,
        challengeId: undefined,
        subject: undefined,
        keyId: undefined,
        clientAddress: originText(origin),
        actor: undefined,
        outcome: 'refused',
        code: 'http.forbidden',
        reason,
      });
    } catch (error) {
      const fault = error instanceof Error ? error : String(error);
      deps.log.error('a denial could not be recorded', { address, reason, error: fault });
    }
  }

  return async (request, _response, next) => {
    const exchange = exchanges.of(request);
    const group = groupOf(exchange.target);
    const verdict = deps.allowLists.judge(group, exchange.origin);
    if (verdict.kind === 'allowed') {
      next();
      return;
    }
    await record(exchange, group.kind === 'scep' ? group.profile : undefined, verdict);
    throw new GatewayError('http.forbidden', 'Forbidden.');
  };
}
