/** What takes time, with a clock beside it. */
import type { RateLimit, RateLimits, SignInBrake } from '../access/index.js';
import { isGatewayError } from '../errors/index.js';
import type { Issuer } from '../issuer/index.js';
import type { Pkcs7Codec } from '../pkcs7/index.js';
import type { CmsStep, Metrics } from '../telemetry/index.js';

export function measuredCodec(codec: Pkcs7Codec, { cms }: Pick<Metrics, 'cms'>): Pkcs7Codec {
  const now = <T>(step: CmsStep, work: () => T): T => {
    const startedAt = performance.now();
    try {
      return work();
    } finally {
      cms(step, secondsSince(startedAt));
    }
  };
  const later = async <T>(step: CmsStep, work: () => Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    try {
      return await work();
    } finally {
      cms(step, secondsSince(startedAt));
    }
  };
  return {
    name: codec.name,
    readSigned: (message) => now('read', () => codec.readSigned(message)),
    verifySigned: (message, certificate) =>
      now('verify', () => codec.verifySigned(message, certificate)),
    readEnvelope: (content) => now('read-envelope', () => codec.readEnvelope(content)),
    openEnvelope: (envelope, recipients) =>
      later('open', () => codec.openEnvelope(envelope, recipients)),
    seal: (content, cipher, recipients) =>
      later('seal', () => codec.seal(content, cipher, recipients)),
    sign: (request) => later('sign', () => codec.sign(request)),
  };
}

const timedCalls: ReadonlySet<PropertyKey> = new Set(['submit', 'retrieve', 'reconcile']);

/**
 * A proxy, and not a list of members: an issuer must not lose one on the way that this does not know.
 */
export function measuredIssuer(issuer: Issuer, metrics: Pick<Metrics, 'issuer'>): Issuer {
  return new Proxy(issuer, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      const call = (...asked: unknown[]): unknown => Reflect.apply(member, target, asked);
      if (!timedCalls.has(name)) return call;
      return async (...asked: unknown[]): Promise<unknown> => {
        const startedAt = performance.now();
        let outcome = 'error';
        try {
          const result = await call(...asked);
          outcome = kindOf(result);
          return result;
        } finally {
          metrics.issuer(target.name, String(name), outcome, secondsSince(startedAt));
        }
      };
    },
  });
}

function kindOf(result: unknown): string {
  return typeof result === 'object' && result !== null && 'kind' in result
    ? String(result.kind)
    : 'error';
}

/** Told whom a limit turned away. */
type Limited = (limit: string, caller: string) => void;

export function measuredLimits(limits: RateLimits, limited: Limited): RateLimits {
  const counted = (name: keyof RateLimits): RateLimit => {
    const told = (caller: string, seconds: number): number => {
      if (seconds > 0) limited(name, caller);
      return seconds;
    };
    return {
      take: async (caller) => told(caller, await limits[name].take(caller)),
      wait: async (caller) => told(caller, await limits[name].wait(caller)),
    };
  };
  return {
    operations: counted('operations'),
    refusedChallenges: counted('refusedChallenges'),
    brokenMessages: counted('brokenMessages'),
    challenges: counted('challenges'),
  };
}

export function measuredBrake(
  brake: SignInBrake,
  { limited, signedIn }: Pick<Metrics, 'signedIn'> & { readonly limited: Limited },
): SignInBrake {
  return {
    async attempt(caller, credentials, check) {
      try {
        const authentication = await brake.attempt(caller, credentials, check);
        signedIn(authentication.outcome.kind);
        return authentication;
      } catch (error) {
        if (isGatewayError(error) && error.code === 'http.rate') limited('failedSignIns', caller);
        throw error;
      }
    },
  };
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1000;
}
