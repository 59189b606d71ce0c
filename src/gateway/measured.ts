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
    openEnvelope: (envelope, keys) => later('open', () => codec.openEnvelope(envelope, keys)),
    seal: (content, cipher, recipients) =>
      later('seal', () => codec.seal(content, cipher, recipients)),
    sign: (request) => later('sign', () => codec.sign(request)),
  };
}

/** Chain and identity are read anew each time: they change while we run. */
export function measuredIssuer(issuer: Issuer, metrics: Pick<Metrics, 'issuer'>): Issuer {
  const { name, inProcess } = issuer;
  const timed = async <T extends { readonly kind: string }>(
    call: string,
    work: () => Promise<T>,
  ): Promise<T> => {
    const startedAt = performance.now();
    let outcome = 'error';
    try {
      const result = await work();
      outcome = result.kind;
      return result;
    } finally {
      metrics.issuer(name, call, outcome, secondsSince(startedAt));
    }
  };
  const reconcile: Issuer['reconcile'] =
    issuer.reconcile &&
    ((request, authorization) =>
      timed('reconcile', async () => {
        const found = await issuer.reconcile?.(request, authorization);
        return found ?? { kind: 'undecidable', detail: 'the issuer cannot reconcile any more' };
      }));
  return {
    name,
    ...(inProcess && { inProcess }),
    get chain() {
      return issuer.chain;
    },
    ...(issuer.identity !== undefined && { identity: issuer.identity }),
    submit: (request, authorization) =>
      timed('submit', () => issuer.submit(request, authorization)),
    retrieve: (requestId) => timed('retrieve', () => issuer.retrieve(requestId)),
    ...(reconcile && { reconcile }),
    currentCrl: () => issuer.currentCrl(),
  };
}

export function measuredLimits(
  limits: RateLimits,
  { limited }: Pick<Metrics, 'limited'>,
): RateLimits {
  const counted = (name: keyof RateLimits): RateLimit => {
    const told = (seconds: number): number => {
      if (seconds > 0) limited(name);
      return seconds;
    };
    return {
      take: async (caller) => told(await limits[name].take(caller)),
      wait: async (caller) => told(await limits[name].wait(caller)),
    };
  };
  return {
    operations: counted('operations'),
    refusedChallenges: counted('refusedChallenges'),
    challenges: counted('challenges'),
  };
}

export function measuredBrake(
  brake: SignInBrake,
  { limited, signedIn }: Pick<Metrics, 'limited' | 'signedIn'>,
): SignInBrake {
  return {
    async attempt(caller, credentials, check) {
      try {
        const authentication = await brake.attempt(caller, credentials, check);
        signedIn(authentication.outcome.kind);
        return authentication;
      } catch (error) {
        if (isGatewayError(error) && error.code === 'http.rate') limited('failedSignIns');
        throw error;
      }
    },
  };
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1000;
}
