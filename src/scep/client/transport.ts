/** HTTP as SCEP uses it (RFC 8894 §4.1). */
import { GatewayError } from '../../errors/index.js';

export interface TransportOptions {
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly timeoutMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  /** Lower case, without parameters. */
  readonly contentType: string;
  readonly body: Buffer;
}

export class Transport {
  readonly #options: TransportOptions;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  get(operation: string, message?: string): Promise<HttpAnswer> {
    return this.#request(this.#urlOf(operation, message), {});
  }

  post(operation: string, message: Buffer): Promise<HttpAnswer> {
    return this.#request(this.#urlOf(operation), {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-pki-message' },
      body: Uint8Array.from(message),
    });
  }

  #urlOf(operation: string, message?: string): URL {
    const url = new URL(this.#options.url);
    const known = url.search === '' ? '' : `${url.search}&`;
    const parameters = `operation=${operation}${
      message === undefined ? '' : `&message=${encodeURIComponent(message)}`
    }`;
    url.search = known === '' ? parameters : known + parameters;
    return url;
  }

  async #request(url: URL, init: RequestInit): Promise<HttpAnswer> {
    const { fetch, timeoutMs } = this.#options;
    try {
      const response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
      return {
        status: response.status,
        contentType: (response.headers.get('content-type') ?? '')
          .replace(/;.*/s, '')
          .trim()
          .toLowerCase(),
        body: await bodyOf(response),
      };
    } catch (cause) {
      if (cause instanceof GatewayError) throw cause;
      throw new GatewayError('scep.unreachable', 'The SCEP server cannot be reached.', {
        detail: reasonOf(cause),
        cause,
        mend: `Check ${url.origin} and the network between.`,
      });
    }
  }
}

/** @throws GatewayError `scep.unreachable` or `scep.reply` unless the status is 200 */
export function requireOk(answer: HttpAnswer, operation: string): HttpAnswer {
  if (answer.status === 200) return answer;
  const code = comesBack.has(answer.status) ? 'scep.unreachable' : 'scep.reply';
  throw new GatewayError(code, `The server answered ${operation} with HTTP ${answer.status}.`, {
    detail: JSON.stringify(answer.body.toString('utf8', 0, 200)),
  });
}

/** Of overload and of proxies without a server behind them. */
const comesBack: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** A CRL may be large; anything larger is no SCEP. */
const maxBody = 16 * 1024 * 1024;

async function bodyOf(response: Response): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    const octets: unknown = part;
    if (!(octets instanceof Uint8Array)) throw new TypeError('unexpected body');
    length += octets.length;
    if (length > maxBody) throw new GatewayError('scep.reply', 'The answer is too large.');
    parts.push(octets);
  }
  return Buffer.concat(parts);
}

/** "fetch failed" says nothing; its cause does. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}
