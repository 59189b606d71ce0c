import { types } from 'node:util';
import type { AskValidator, ValidatorAnswer } from '../external-challenges.js';
import { createHttpsPost } from './https-post.js';
import { readAnswer } from './webhook-answer.js';
import { gatewayFormat, stepCaFormat } from './webhook-request.js';

export interface WebhookOptions {
  readonly url: string;
  readonly secret: string;
  readonly keyId: string;
  readonly format: 'gateway' | 'step-ca';
  /** PEM; public CAs when undefined. */
  readonly ca: string | undefined;
  /** SHA-256 of the server certificate, upper-case hex without colons; besides the chain. */
  readonly pins: readonly string[];
  readonly timeoutMillis: number;
  readonly clock: () => Date;
}

/** More at once are not asked: a validator that hangs must not hold every place of the gateway. */
const mostAtOnce = 32;

/**
 * An HTTPS webhook as the judge of challenges.
 * @throws GatewayError `config.invalid` for a secret that does not fit the format
 */
export function createWebhook(options: WebhookOptions): AskValidator {
  const { url, secret, keyId, format, ca, pins, timeoutMillis, clock } = options;
  const { host } = new URL(url);
  const speak = format === 'gateway' ? gatewayFormat(secret, keyId) : stepCaFormat(secret, keyId);
  const post = createHttpsPost({
    url,
    ca,
    pins,
    timeoutMillis,
    connections: mostAtOnce,
  });
  let asking = 0;

  const named = (answer: ValidatorAnswer): ValidatorAnswer =>
    answer.kind === 'unavailable'
      ? { kind: 'unavailable', detail: `the validator at ${host}: ${answer.detail}` }
      : answer;

  return async (password, use) => {
    if (asking >= mostAtOnce) {
      return named({ kind: 'unavailable', detail: `${mostAtOnce} answers are awaited already` });
    }
    asking += 1;
    try {
      const { headers, body } = speak.request(password, use, clock());
      const answer = await post(headers, body);
      return named(readAnswer(answer.status, answer.body, password));
    } catch (error) {
      return named({ kind: 'unavailable', detail: faultText(error, timeoutMillis) });
    } finally {
      asking -= 1;
    }
  };
}

function faultText(error: unknown, timeoutMillis: number): string {
  if (!types.isNativeError(error)) return 'it cannot be reached';
  if (error.name === 'AbortError' || error.name === 'TimeoutError')
    return `no answer within ${timeoutMillis / 1000} s`;
  if (error.message !== '') return error.message;
  // Of several addresses that were tried, the message of none is there.
  return 'code' in error ? `it cannot be reached (${String(error.code)})` : 'it cannot be reached';
}
