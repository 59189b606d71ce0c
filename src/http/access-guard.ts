/** Allow lists and client certificates, before anything else of a request but its path is looked at. */
import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { originText, type ListenerCertificates, type RouteGroup } from '../access/index.js';
import { GatewayError } from '../errors/index.js';
import type { Exchange, Exchanges } from './exchange.js';
import type { HttpDeps } from './http.types.js';
import { waitsForContinue } from './expectation.js';
import { createRecordLimit } from './record-limit.js';
import { routeGroup } from './route-group.js';

export function accessGuard(
  deps: Pick<HttpDeps, 'allowLists' | 'certificateGate' | 'metrics' | 'audit' | 'clock' | 'log'> & {
    readonly certificates: (request: IncomingMessage) => ListenerCertificates;
  },
  exchanges: Exchanges,
): RequestHandler {
  const mayRecord = createRecordLimit();

  /** Resolves when the record is durable; the caller is refused even where it cannot be. */
  async function record(
    exchange: Exchange,
    profile: string | undefined,
    steps: readonly string[],
  ): Promise<void> {
    const { correlationId, origin, address } = exchange;
    const reason = [...origin.steps, ...steps].join('; ');
    if (!(await mayRecord(address))) {
      deps.log.debug('access denied', { correlationId, address, reason });
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
      deps.log.error('a denial could not be recorded', {
        correlationId,
        address,
        reason,
        error: fault,
      });
    }
  }

  /** Why the caller may not go on; undefined when it may. */
  async function denial(
    request: IncomingMessage,
    group: RouteGroup,
    { origin, clientCertificate }: Exchange,
  ): Promise<readonly string[] | undefined> {
    const verdict = deps.allowLists.judge(group, origin);
    if (verdict.kind === 'denied') return [verdict.step];
    if (group.kind === 'health') return undefined;
    const connection = await deps.certificates(request).judgeConnection(request);
    if (connection?.kind === 'denied') return connection.steps;
    if (clientCertificate.kind === 'refused') return clientCertificate.steps;
    const route = await deps.certificateGate.judge(group, clientCertificate);
    return route?.kind === 'denied' ? [...clientCertificate.steps, ...route.steps] : undefined;
  }

  return async (request, response, next) => {
    const waits = waitsForContinue(request);
    const exchange = exchanges.of(request);
    const group = routeGroup(exchange.target, exchange.scep);
    exchange.group = group.kind;
    const steps = await denial(request, group, exchange);
    if (steps === undefined) {
      if (waits) response.writeContinue();
      next();
      return;
    }
    if (waits) response.setHeader('Connection', 'close');
    deps.metrics.denied(group.kind);
    await record(exchange, group.kind === 'scep' ? group.profile : undefined, steps);
    throw new GatewayError('http.forbidden', 'Forbidden.');
  };
}
