/** The one place where an error becomes an HTTP answer. */
import { GatewayError, isGatewayError, type ErrorCode } from '../errors/index.js';
import type { LogFields } from '../telemetry/index.js';
import type { Reply } from './reply.js';

const statuses = {
  'http.operation': 400,
  'http.message': 400,
  'challenge.binding': 400,
  'http.unauthorized': 401,
  'http.forbidden': 403,
  'http.not-found': 404,
  'http.method': 405,
  'challenge.quota': 409,
  'http.too-large': 413,
  'http.uri-too-large': 414,
  'http.rate': 429,
} as const satisfies Partial<Record<ErrorCode, number>>;

const usualRetrySeconds = 5;

/** Text for devices and people, JSON for the API; never a stack, never `detail`. */
export function errorReply(
  error: unknown,
  correlationId: string,
  format: 'text' | 'json',
): Reply & { readonly body: string } {
  const fault = shownFault(error);
  const status = statusOf(fault);
  const retryAfter = fault.retryAfterSeconds ?? (status === 503 ? usualRetrySeconds : undefined);
  const headers: Record<string, string> =
    retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) };
  if (format === 'json') {
    const { code, message, mend } = fault;
    const body = { error: { code, message, mend, correlationId } };
    return {
      status,
      headers,
      contentType: 'application/json',
      body: `${JSON.stringify(body)}\n`,
    };
  }
  const lines = [fault.message, fault.mend, `Reference: ${correlationId}`];
  const text = lines.filter((line) => line !== undefined).join('\n');
  return { status, headers, contentType: 'text/plain', body: `${text}\n` };
}

/** True for what an administrator must see: our own faults and outages. */
export function isOurFault(error: unknown): boolean {
  return statusOf(shownFault(error)) === 500 || classOf(error) === 'unavailable';
}

/** For the log: all that is known, the stack of what was not foreseen with it. */
export function loggedFault(error: unknown): LogFields {
  if (!(error instanceof Error)) return { code: 'internal', error: typeof error };
  const { cause } = error;
  return {
    code: isGatewayError(error) ? error.code : 'internal',
    error: error.message,
    detail: isGatewayError(error) ? error.detail : error.stack,
    cause: cause instanceof Error ? (cause.stack ?? cause.message) : undefined,
  };
}

/** An error of a class that has no business here was not foreseen: nothing of it is shown. */
function shownFault(error: unknown): GatewayError {
  if (isGatewayError(error) && statusOf(error) !== 500) return error;
  return new GatewayError('internal', 'The gateway failed to answer.', {
    mend: 'An administrator finds the reason in the log under the reference.',
  });
}

function statusOf(error: GatewayError): number {
  const { code } = error;
  if (error.class === 'overload' || error.class === 'unavailable') return 503;
  return isStated(code) ? statuses[code] : 500;
}

function isStated(code: ErrorCode): code is keyof typeof statuses {
  return Object.hasOwn(statuses, code);
}

function classOf(error: unknown): string {
  return isGatewayError(error) ? error.class : 'internal';
}
