/** One server behind the gateway over HTTP: bounded, patient with nobody, and plain about what was sent. */
import { GatewayError, messageOf } from '../errors/index.js';
import type { WebClient, WebOutcome, WebRequest } from '../web-client/index.js';
import type { CircuitBreaker } from './circuit-breaker.js';

export interface UpstreamHttpOptions {
  readonly web: WebClient;
  readonly breaker: CircuitBreaker;
  /** Requests in work at once; further ones are refused, as waiting would tie up the gateway. */
  readonly concurrent: number;
  /** For messages: `issuer old-ndes`. */
  readonly name: string;
}

export interface UpstreamAnswer {
  readonly status: number;
  /** As sent; empty where there was none. */
  readonly contentType: string;
  readonly body: Buffer;
}

export class UpstreamHttp {
  readonly #options: UpstreamHttpOptions;
  #inWork = 0;

  constructor(options: UpstreamHttpOptions) {
    this.#options = options;
  }

  /**
   * Any status but those of an overloaded server or a proxy without one behind it.
   * @throws GatewayError `upstream.unavailable` when the request was not carried out,
   * `upstream.no-answer` when it may have been, `upstream.denied` when the server wants another sign-in
   */
  async send(request: WebRequest): Promise<UpstreamAnswer> {
    const { breaker, concurrent } = this.#options;
    if (this.#inWork >= concurrent)
      throw this.#unavailable(`${concurrent} requests wait for it`, 5);
    const wait = breaker.refusal();
    if (wait !== undefined)
      throw this.#unavailable('it has not answered several times in a row', wait);
    this.#inWork += 1;
    try {
      const outcome = await this.#outcomeOf(request);
      // An error of its own for one message is an answer: no device shall close the way for the others.
      if (isSilence(outcome)) breaker.silent();
      else breaker.answered();
      return this.#answer(outcome);
    } finally {
      this.#inWork -= 1;
    }
  }

  close(): void {
    this.#options.web.close();
  }

  /** A fault of the client itself: who knows how far it came. */
  async #outcomeOf(request: WebRequest): Promise<WebOutcome> {
    try {
      return await this.#options.web.send(request);
    } catch (error) {
      const reason = `the client failed: ${messageOf(error)}`;
      return { kind: 'unknown', phase: 'answer', reason };
    }
  }

  #answer(outcome: WebOutcome): UpstreamAnswer {
    switch (outcome.kind) {
      case 'unreachable':
        throw this.#unavailable(outcome.reason);
      case 'unknown':
        throw this.#noAnswer(outcome.reason);
      case 'login-refused':
        throw new GatewayError('upstream.denied', `${this.#title()} does not let the gateway in.`, {
          detail: outcome.reason,
        });
      case 'answered': {
        const { status, headers, body } = outcome;
        if (status === 503 || status === 429)
          throw this.#unavailable(`HTTP ${status}`, retryAfter(headers['retry-after']));
        if (status === 502 || status === 504) throw this.#noAnswer(`HTTP ${status}`);
        return { status, contentType: headers['content-type'] ?? '', body };
      }
    }
  }

  #unavailable(detail: string, retryAfterSeconds?: number): GatewayError {
    return new GatewayError('upstream.unavailable', `${this.#title()} cannot be reached.`, {
      detail: `${this.#options.name}: ${detail}`,
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    });
  }

  #noAnswer(detail: string): GatewayError {
    return new GatewayError('upstream.no-answer', `${this.#title()} gave no answer.`, {
      detail: `${this.#options.name}: ${detail}`,
    });
  }

  /** What a device may read: no name, no address. */
  #title(): string {
    return 'The server behind the gateway';
  }
}

/**
 * For PKIOperation: 4xx and redirects come before NDES has looked at the message, after a 500 nobody
 * knows.
 * @throws GatewayError `upstream.unavailable` or `upstream.no-answer` unless the status is 200
 */
export function requireCarriedOut({ status, body }: UpstreamAnswer): Buffer {
  if (status === 200) return body;
  const code = status >= 500 ? 'upstream.no-answer' : 'upstream.unavailable';
  throw new GatewayError(code, 'The server behind the gateway gave no answer.', {
    detail: `PKIOperation was answered HTTP ${status}`,
  });
}

function isSilence(outcome: WebOutcome): boolean {
  if (outcome.kind === 'answered') return silentStatuses.has(outcome.status);
  return outcome.kind !== 'login-refused';
}

const silentStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Seconds only: a date would need the clocks to agree. An hour at most, whatever it says. */
function retryAfter(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,9}$/.test(text.trim())) return undefined;
  return Math.min(Math.max(Number(text), 1), 3600);
}
