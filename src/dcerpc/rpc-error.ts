/** The errors of this room, each made in one place. Their details go to log and audit record. */
import { GatewayError, isGatewayError } from '../errors/index.js';

/** What the server sent breaks the protocol, or a limit. */
export function malformed(detail: string): GatewayError {
  return new GatewayError('rpc.malformed', 'An answer over RPC cannot be read.', { detail });
}

export function unreachable(detail: string): GatewayError {
  return new GatewayError('rpc.unreachable', 'The RPC server cannot be reached.', { detail });
}

export function timedOut(detail: string): GatewayError {
  return new GatewayError('rpc.timeout', 'The RPC server did not answer in time.', { detail });
}

export function cut(detail: string): GatewayError {
  return new GatewayError('rpc.cut', 'The connection to the RPC server broke off.', { detail });
}

export function notRegistered(detail: string): GatewayError {
  return new GatewayError('rpc.not-registered', 'The endpoint mapper does not know the service.', {
    detail,
  });
}

export function bindRefused(detail: string): GatewayError {
  return new GatewayError('rpc.bind-refused', 'The RPC server does not offer the interface.', {
    detail,
  });
}

/** The server does not know the mechanism of the sign-in; another one may do. */
export function mechanismRefused(detail: string): GatewayError {
  return new GatewayError('rpc.mechanism-refused', 'The RPC server does not know the sign-in.', {
    detail,
  });
}

export function busy(detail: string): GatewayError {
  return new GatewayError('rpc.busy', 'The RPC server is too busy.', { detail });
}

/** Whatever happened after a request was sent: it may have been carried out. */
export function unanswered(cause: unknown): GatewayError {
  if (!isGatewayError(cause)) throw cause;
  return new GatewayError('rpc.unanswered', 'What became of a call over RPC is not known.', {
    detail: cause.detail ?? cause.message,
    cause,
  });
}

export function signInRefused(detail: string): GatewayError {
  return new GatewayError('rpc.sign-in-refused', 'The RPC server refused the sign-in.', { detail });
}
