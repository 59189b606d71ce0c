import { GatewayError } from '../errors/index.js';
import type {
  Authorization,
  IssuanceOutcome,
  IssuanceRequest,
  Issuer,
  Reconciliation,
} from '../issuer/index.js';
import type { BacklogEvent, IssuerHealth } from './backlog.types.js';
import { CircuitBreaker, type BreakerOptions } from './circuit-breaker.js';

/** An issuer's own limit is two minutes (issuer.ts); who keeps to it never meets this one. */
export const callLimitMillis = 150_000;

export interface IssuerLineOptions extends BreakerOptions {
  readonly callMillis?: number;
  readonly report: (event: BacklogEvent) => void;
}

type Unavailable = Extract<IssuanceOutcome, { readonly kind: 'unavailable' }>;

/** What is known of a CA by name, whichever profile speaks to it. */
export class IssuerCondition {
  readonly breaker: CircuitBreaker;
  readonly #name: string;
  readonly #options: IssuerLineOptions;
  #since: Date;
  #last: Pick<IssuerHealth, 'problem' | 'mend'> = { problem: undefined, mend: undefined };

  constructor(name: string, options: IssuerLineOptions) {
    this.#name = name;
    this.#options = options;
    this.breaker = new CircuitBreaker(options);
    this.#since = options.clock();
  }

  get health(): IssuerHealth {
    const { retryAt } = this.breaker;
    const breaker = this.breaker.isClosed() ? 'closed' : 'open';
    return { issuer: this.#name, breaker, since: this.#since, retryAt, ...this.#last };
  }

  answered(): void {
    const wasClosed = this.breaker.isClosed();
    this.breaker.succeeded();
    this.#last = { problem: undefined, mend: undefined };
    if (!wasClosed) this.#turned('issuer-up');
  }

  silent({
    detail,
    mend,
    retryAfterSeconds,
  }: Pick<Unavailable, 'detail' | 'mend' | 'retryAfterSeconds'>): void {
    const wasClosed = this.breaker.isClosed();
    const wait = retryAfterSeconds === undefined ? 0 : Math.min(retryAfterSeconds, 3600) * 1000;
    this.breaker.failed({
      atOnce: mend !== undefined || retryAfterSeconds !== undefined,
      atLeastMillis: mend === undefined ? wait : this.#options.pace.longestMillis,
    });
    this.#last = { problem: detail, mend };
    if (wasClosed && !this.breaker.isClosed()) this.#turned('issuer-down');
  }

  #turned(kind: 'issuer-up' | 'issuer-down'): void {
    this.#since = this.#options.clock();
    this.#options.report({ kind, health: this.health });
  }
}

/** An issuer behind its breaker: calls that end in time and, to a CA elsewhere, never throw. */
export class IssuerLine {
  readonly issuer: Issuer;
  readonly #condition: IssuerCondition;
  readonly #callMillis: number;

  constructor(issuer: Issuer, condition: IssuerCondition, callMillis = callLimitMillis) {
    this.issuer = issuer;
    this.#condition = condition;
    this.#callMillis = callMillis;
  }

  get name(): string {
    return this.issuer.name;
  }

  get canReconcile(): boolean {
    return this.issuer.reconcile !== undefined;
  }

  get health(): IssuerHealth {
    return this.#condition.health;
  }

  capacity(most: number): number {
    return this.issuer.inProcess ? most : this.#condition.breaker.capacity(most);
  }

  /** @param late told what the CA said after all, when the call had been given up as lost */
  submit(
    request: IssuanceRequest,
    authorization: Authorization,
    late: (outcome: IssuanceOutcome) => void,
  ): Promise<IssuanceOutcome> {
    const call = () => this.issuer.submit(request, authorization);
    return this.issuer.inProcess ? call() : this.#call(call, lost, late);
  }

  retrieve(...asked: Parameters<Issuer['retrieve']>): Promise<IssuanceOutcome> {
    const call = () => this.issuer.retrieve(...asked);
    return this.issuer.inProcess ? call() : this.#call<IssuanceOutcome>(call, lost);
  }

  reconcile(request: IssuanceRequest, authorization: Authorization): Promise<Reconciliation> {
    return this.#call<Reconciliation>(
      async () =>
        (await this.issuer.reconcile?.(request, authorization)) ?? {
          kind: 'undecidable',
          detail: 'this CA offers no way to find out what became of a submission',
        },
      (detail) => ({ kind: 'unavailable', detail }),
    );
  }

  async #call<T extends { readonly kind: string }>(
    call: () => Promise<T>,
    failed: (detail: string) => T,
    late?: (outcome: T) => void,
  ): Promise<T | Unavailable> {
    if (!this.#condition.breaker.enter()) return this.#leftAlone();
    const outcome = await withinTime(call, failed, this.#callMillis, late);
    if (isUnavailable(outcome)) this.#condition.silent(outcome);
    else this.#condition.answered();
    return outcome;
  }

  #leftAlone(): Unavailable {
    const { problem, retryAt } = this.#condition.health;
    const until = retryAt === undefined ? '' : ` until ${retryAt.toISOString()}`;
    return {
      kind: 'unavailable',
      submission: 'none',
      detail: `not asked${until}, because it last failed: ${problem ?? 'no answer'}`,
    };
  }
}

function isUnavailable(
  outcome: { readonly kind: string } | Unavailable,
): outcome is Pick<Unavailable, 'kind' | 'detail' | 'mend' | 'retryAfterSeconds'> {
  return outcome.kind === 'unavailable';
}

/** Something may have been sent before it failed. */
function lost(detail: string): Unavailable {
  return { kind: 'unavailable', submission: 'unknown', detail };
}

async function withinTime<T>(
  call: () => Promise<T>,
  failed: (detail: string) => T,
  millis: number,
  late: ((outcome: T) => void) | undefined,
): Promise<T> {
  let isLost = false;
  const answered = call().then(
    (outcome) => {
      if (isLost) late?.(outcome);
      return outcome;
    },
    (error: unknown) => failed(faultText(error)),
  );
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<T>((resolve) => {
    timer = setTimeout(() => {
      isLost = true;
      resolve(failed(`no answer within ${Math.round(millis / 1000)} seconds`));
    }, millis);
  });
  return Promise.race([answered, limit]).finally(() => clearTimeout(timer));
}

function faultText(error: unknown): string {
  if (error instanceof GatewayError) return [error.message, error.detail].filter(Boolean).join(' ');
  return error instanceof Error ? `${error.name}: ${error.message}` : 'an unknown fault';
}
