import { errorCodes, type ErrorClass, type ErrorCode } from './codes.js';

export interface GatewayErrorOptions {
  /** For the log and the audit record only; may name internals, never a secret. */
  readonly detail?: string;
  readonly cause?: unknown;
  /** What the person who sees the error can do next; shown with the message. */
  readonly mend?: string;
  /** When it is worth to come again, where that is known. */
  readonly retryAfterSeconds?: number;
}

/** `message` may be shown to the caller; `detail` and `cause` are for the log only. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly mend: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: GatewayErrorOptions = {}) {
    const { stackTraceLimit } = Error;
    // Where a refusal was made nobody reads; to write it down costs a tenth of one, and floods are made of them.
    if (errorCodes[code] !== 'internal') Error.stackTraceLimit = 0;
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.detail = options.detail;
    this.mend = options.mend;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get class(): ErrorClass {
    return errorCodes[this.code];
  }
}

export function isGatewayError(error: unknown): error is GatewayError {
  return error instanceof GatewayError;
}
