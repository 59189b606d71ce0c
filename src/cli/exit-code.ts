import type { ErrorClass, ErrorCode, GatewayError } from '../errors/index.js';

/** What scripts may rely on; listed in docs/cli.md. */
export const exitCodes = {
  ok: 0,
  /** The gateway or the CA said no: refused, not found, not valid. */
  refused: 1,
  usage: 2,
  configuration: 3,
  /** Not now: unreachable, overloaded, still pending. */
  unavailable: 4,
  /** Of `doctor`: everything works, but somebody should look. */
  warnings: 5,
  internal: 70,
} as const;

const byClass: Readonly<Record<ErrorClass, number>> = {
  crypto: exitCodes.refused,
  algorithm: exitCodes.refused,
  request: exitCodes.refused,
  unauthorized: exitCodes.refused,
  policy: exitCodes.refused,
  transport: exitCodes.unavailable,
  overload: exitCodes.unavailable,
  unavailable: exitCodes.unavailable,
  configuration: exitCodes.configuration,
  usage: exitCodes.usage,
  internal: exitCodes.internal,
};

export function exitCodeOf(error: GatewayError): number {
  if (refusals.has(error.code)) return exitCodes.refused;
  if (waitingMendsNothing.has(error.code)) return exitCodes.configuration;
  return byClass[error.class];
}

/** Devices are told to come again all the same. */
const waitingMendsNothing: ReadonlySet<ErrorCode> = new Set([
  'store.damaged',
  'keys.pin',
  'keys.token',
]);

/** Of class `usage` for other doors; here nobody used the command wrongly. */
const refusals: ReadonlySet<ErrorCode> = new Set(['cli.not-found', 'scep.reply']);
