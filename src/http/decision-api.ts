/** `/api/v1/requests` and `/api/v1/certificates`: what `pending` and `certificate revoke` do at the command line. */
import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import { originText } from '../access/index.js';
import { GatewayError } from '../errors/index.js';
import type { Exchanges } from './exchange.js';
import type { DecisionMaker, HttpDeps } from './http.types.js';
import { forbidden, jsonBody, sendJson } from './json.js';
import { refuseMethod } from './other-methods.js';
import { readBody } from './request-body.js';
import { hasRole, type SignIn } from './sign-in.js';

const largestOrder = 4096;
const mostShown = 1000;

const denialSchema = z.strictObject({
  /** The device is told. */
  reason: z.string().min(1).max(200).optional(),
});
const revocationSchema = z.strictObject({
  reason: z
    .enum([
      'unspecified',
      'keyCompromise',
      'affiliationChanged',
      'superseded',
      'cessationOfOperation',
    ])
    .default('unspecified'),
});

export function decisionApi(
  { decisions }: Pick<HttpDeps, 'decisions'>,
  exchanges: Exchanges,
  signIn: SignIn,
): Router {
  async function list(request: Request, response: Response): Promise<void> {
    const principal = await signIn(request, response);
    if (!hasRole(principal, 'read', 'approve')) throw forbidden();
    const waiting = await decisions.waiting(mostShown);
    sendJson(response, 200, {
      requests: waiting.map(({ since, ...rest }) => ({ ...rest, since: since.toISOString() })),
    });
  }

  const decide = (decision: 'approve' | 'deny') => async (request: Request, response: Response) => {
    const maker = await makerOf(request, response, 'approve');
    const { reason } = await order(request, denialSchema);
    const id = idOf(request, /^[0-9a-f]{16,128}$/);
    if (!(await decisions.decide(maker, { id, decision, reason }))) {
      throw new GatewayError('http.not-found', 'No request of this id waits for a decision.');
    }
    response.writeHead(204).end();
  };

  async function revoke(request: Request, response: Response): Promise<void> {
    const maker = await makerOf(request, response, 'revoke');
    const { reason } = await order(request, revocationSchema);
    const thumbprint = idOf(request, /^[0-9a-f]{64}$/i).toUpperCase();
    if (!(await decisions.revoke(maker, { thumbprint, reason }))) {
      throw new GatewayError('http.not-found', 'There is no such certificate that is not revoked.');
    }
    response.writeHead(204).end();
  }

  async function makerOf(
    request: Request,
    response: Response,
    role: 'approve' | 'revoke',
  ): Promise<DecisionMaker> {
    const principal = await signIn(request, response);
    if (!hasRole(principal, role)) throw forbidden();
    const { correlationId, origin } = exchanges.of(request);
    return { account: principal.account, correlationId, clientAddress: originText(origin) };
  }

  const router = express.Router();
  router.route('/api/v1/requests').get(list).all(refuseMethod('GET, HEAD'));
  router.route('/api/v1/requests/:id/approve').post(decide('approve')).all(refuseMethod('POST'));
  router.route('/api/v1/requests/:id/deny').post(decide('deny')).all(refuseMethod('POST'));
  router.route('/api/v1/certificates/:id/revoke').post(revoke).all(refuseMethod('POST'));
  return router;
}

/**
 * A body is asked for even where it has nothing to say: without its Content-Type a page in an
 * administrator's browser could decide across origins.
 */
async function order<T>(request: Request, schema: z.ZodType<T>): Promise<T> {
  const body = await readBody(request, largestOrder);
  if (body.length === 0) {
    throw new GatewayError('http.message', 'The body is empty.', {
      mend: 'Send `{}` with `Content-Type: application/json`.',
    });
  }
  const parsed = schema.safeParse(jsonBody(request, body));
  if (parsed.success) return parsed.data;
  throw new GatewayError('http.message', 'The order cannot be read.', {
    mend: 'It may hold `reason`.',
  });
}

function idOf(request: Request, pattern: RegExp): string {
  const { id } = request.params;
  if (typeof id === 'string' && pattern.test(id)) return id;
  throw new GatewayError('http.not-found', 'There is nothing of this id.');
}
