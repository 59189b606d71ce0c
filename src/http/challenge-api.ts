/** `/api/v1/challenges`: challenges for MDMs and scripts that need not scrape a page. */
import express, { type Request, type Response, type Router } from 'express';
import type { ChallengeOrder, Challenges } from '../challenge/index.js';
import { GatewayError } from '../errors/index.js';
import { usualProfile } from './admin-page-route.js';
import { quotaOf, quotaUsedUp, whyNoChallenge, type ChallengeDesk } from './challenge-desk.js';
import {
  parseChallengeFilter,
  parseChallengeRequest,
  type ChallengeRequest,
} from './challenge-request.js';
import type { Exchanges } from './exchange.js';
import type { HttpDeps, HttpProfile } from './http.types.js';
import { forbidden, jsonBody, sendJson } from './json.js';
import { refuseMethod } from './other-methods.js';
import { readBody } from './request-body.js';
import { hasRole, type SignIn } from './sign-in.js';

type ChallengeRecord = Awaited<ReturnType<Challenges['list']>>[number];

const largestOrder = 64 * 1024;
/** The largest quota an account can have. */
const mostChallenges = 10_000_000;

export function challengeApi(
  deps: HttpDeps,
  exchanges: Exchanges,
  desk: ChallengeDesk,
  signIn: SignIn,
): Router {
  const usual = usualProfile(deps);

  async function issue(request: Request, response: Response): Promise<void> {
    const principal = await signIn(request, response);
    const customer = { principal, exchange: exchanges.of(request) };
    const order = parseChallengeRequest(jsonBody(request, await readBody(request, largestOrder)));
    const profile = profileOf(order);
    customer.exchange.profile = profile.name;
    const refusal = profile.challenges.dynamic
      ? whyNoChallenge(principal, profile)
      : `The profile ${profile.name} hands out no one-time challenges.`;
    if (refusal !== undefined) {
      await desk.denied(customer, profile, refusal);
      throw new GatewayError('http.forbidden', refusal);
    }
    const outcome = await desk.issue(customer, {
      profile,
      binding: bindingOf(order),
      validityMinutes: order.validityMinutes,
      maxUses: order.uses,
    });
    if (outcome.kind === 'full') throw quotaUsedUp(quotaOf(customer, profile));
    sendJson(response, 201, {
      id: outcome.id,
      challenge: outcome.password,
      expiresAt: outcome.expiresAt.toISOString(),
      profile: profile.name,
      url: `${deps.publicUrl ?? ''}${profile.paths[0] ?? ''}`,
    });
  }

  /** An account sees its own; `read` and `admin` see all. */
  async function list(request: Request, response: Response): Promise<void> {
    const principal = await signIn(request, response);
    if (!hasRole(principal, 'challenge', 'read')) throw forbidden();
    const filter = parseChallengeFilter(exchanges.of(request).target.query);
    const records = await deps.challenges.list(
      hasRole(principal, 'read') ? filter : { ...filter, account: principal.account },
    );
    sendJson(response, 200, { challenges: records.map((record) => shown(record, deps.clock())) });
  }

  async function revoke(request: Request, response: Response): Promise<void> {
    const principal = await signIn(request, response);
    if (!hasRole(principal, 'challenge', 'revoke')) throw forbidden();
    const open = await deps.challenges.list(
      hasRole(principal, 'revoke')
        ? { state: 'open', limit: mostChallenges }
        : { state: 'open', limit: mostChallenges, account: principal.account },
    );
    const record = open.find(({ id }) => id === request.params['id']);
    if (!record || !(await deps.challenges.revoke(record.id))) {
      throw new GatewayError('http.not-found', 'There is no such open challenge.');
    }
    await desk.revoked({ principal, exchange: exchanges.of(request) }, record.id);
    response.writeHead(204).end();
  }

  function profileOf({ profile: wanted }: ChallengeRequest): HttpProfile {
    const profile =
      wanted === undefined ? usual : deps.profiles.find(({ name }) => name === wanted);
    if (!profile) {
      throw new GatewayError('http.message', 'There is no such profile.', {
        mend: `Profiles: ${deps.profiles.map(({ name }) => name).join(', ')}.`,
      });
    }
    return profile;
  }

  const router = express.Router();
  router.route('/api/v1/challenges').post(issue).get(list).all(refuseMethod('GET, HEAD, POST'));
  router.route('/api/v1/challenges/:id').delete(revoke).all(refuseMethod('DELETE'));
  return router;
}

function bindingOf(order: ChallengeRequest): Omit<ChallengeOrder['binding'], 'profile'> {
  const { subject, san, key, requester } = order;
  return {
    ...(subject !== undefined && { subject }),
    ...(san !== undefined && { san }),
    ...(key !== undefined && { key }),
    ...(requester !== undefined && { requester }),
  };
}

/** Without the digest: it is no secret, but of no use either. */
function shown(record: ChallengeRecord, now: Date): Readonly<Record<string, unknown>> {
  const { id, account, binding, createdAt, expiresAt, maxUses, uses } = record;
  return { id, account, binding, createdAt, expiresAt, maxUses, uses, state: stateOf(record, now) };
}

function stateOf({ revokedAt, maxUses, uses, expiresAt }: ChallengeRecord, now: Date): string {
  if (revokedAt) return 'revoked';
  if (maxUses !== undefined && uses >= maxUses) return 'used';
  return expiresAt && expiresAt <= now ? 'expired' : 'open';
}
