/** Where challenges are handed out, to the admin page and to the API alike. */
import { originText, type Principal } from '../access/index.js';
import type { ChallengeOrder, IssueOutcome } from '../challenge/index.js';
import { GatewayError, isGatewayError } from '../errors/index.js';
import type { Exchange } from './exchange.js';
import type { HttpAuditRecord, HttpDeps, HttpProfile } from './http.types.js';
import { hasRole } from './sign-in.js';

interface Customer {
  readonly principal: Principal;
  readonly exchange: Exchange;
}

interface DeskOrder {
  readonly profile: HttpProfile;
  /** Beside the profile, which every challenge is bound to. */
  readonly binding?: Omit<ChallengeOrder['binding'], 'profile'>;
  readonly validityMinutes?: number | undefined;
  readonly maxUses?: number | undefined;
}

export interface ChallengeDesk {
  /**
   * Records what was handed out, or that the quota is used up, before it resolves.
   * @throws GatewayError `http.rate` when the account asks too often, `upstream.*` when the server that
   * makes the challenges of this profile gives none
   */
  issue(customer: Customer, order: DeskOrder): Promise<IssueOutcome>;
  /** The lasting password of UseSinglePassword. */
  single(customer: Customer, profile: HttpProfile): Promise<string>;
  revoked(customer: Customer, id: string): Promise<void>;
  denied(customer: Customer, profile: HttpProfile | undefined, reason: string): Promise<void>;
}

export function createChallengeDesk(
  deps: Pick<HttpDeps, 'challenges' | 'audit' | 'clock' | 'rateLimits'>,
): ChallengeDesk {
  async function record(
    { principal, exchange }: Customer,
    facts: Pick<HttpAuditRecord, 'event' | 'outcome'> & Partial<HttpAuditRecord>,
  ): Promise<void> {
    await deps.audit({
      at: deps.clock(),
      correlationId: exchange.correlationId,
      profile: undefined,
      transactionId: undefined,
      challengeId: undefined,
      subject: undefined,
      keyId: undefined,
      clientAddress: originText(exchange.origin),
      actor: principal.account,
      code: undefined,
      reason: undefined,
      ...facts,
    });
  }

  async function admit({ principal }: Customer): Promise<void> {
    const seconds = await deps.rateLimits.challenges.take(principal.account);
    if (seconds === 0) return;
    throw new GatewayError('http.rate', 'The account asks for too many challenges at once.', {
      mend: `Try again in ${seconds} s.`,
      retryAfterSeconds: seconds,
    });
  }

  return {
    async issue(customer, { profile, binding, validityMinutes, maxUses }) {
      await admit(customer);
      const about = {
        profile: profile.name,
        subject: binding?.subject,
        keyId: binding?.key,
        reason: binding?.device && `bound to device ${binding.device.join(' or ')}`,
      };
      const outcome = await deps.challenges
        .issue({
          account: customer.principal.account,
          quota: quotaOf(customer, profile),
          binding: { ...binding, profile: profile.name },
          length: profile.challenges.length,
          validityMinutes: validityMinutes ?? profile.challenges.validityMinutes,
          maxUses: maxUses ?? 1,
          source: profile.challengeSource,
        })
        .catch(async (error: unknown) => {
          if (isGatewayError(error) && error.code.startsWith('upstream.')) {
            const { code, message: reason } = error;
            const event = 'challenge.denied';
            await record(customer, { event, outcome: 'refused', code, ...about, reason });
          }
          throw error;
        });
      await record(
        customer,
        outcome.kind === 'issued'
          ? { event: 'challenge.issued', outcome: 'ok', challengeId: outcome.id, ...about }
          : {
              event: 'challenge.denied',
              outcome: 'refused',
              code: 'challenge.quota',
              ...about,
              reason: `The account holds ${quotaOf(customer, profile)} open challenges.`,
            },
      );
      return outcome;
    },
    async single(customer, profile) {
      const { length } = profile.challenges;
      const password = await deps.challenges.singlePassword(profile.name, length);
      await record(customer, { event: 'challenge.shown', outcome: 'ok', profile: profile.name });
      return password;
    },
    revoked: (customer, challengeId) =>
      record(customer, { event: 'challenge.revoked', outcome: 'ok', challengeId }),
    denied: (customer, profile, reason) =>
      record(customer, {
        event: 'challenge.denied',
        outcome: 'refused',
        code: 'http.forbidden',
        profile: profile?.name,
        reason,
      }),
  };
}

/** Open challenges this account may hold when it asks for one of this profile. */
export function quotaOf(
  { principal }: Pick<Customer, 'principal'>,
  { challenges }: HttpProfile,
): number {
  return Math.min(principal.quota, challenges.max);
}

export function quotaUsedUp(quota: number): GatewayError {
  return new GatewayError('challenge.quota', `The account holds ${quota} open challenges.`, {
    mend: 'Use or revoke some, wait until they expire, or raise the quota (account) or `max` (profile).',
  });
}

/** Why this account gets no challenge for this profile; undefined when it does. */
export function whyNoChallenge(principal: Principal, profile: HttpProfile): string | undefined {
  if (!hasRole(principal, 'challenge')) return 'The account has no right to fetch challenges.';
  if (principal.profiles && !principal.profiles.includes(profile.name)) {
    return `The account may not fetch challenges for the profile ${profile.name}.`;
  }
  return undefined;
}
