import { isGatewayError } from '../errors/index.js';

/** What cannot be read is an answer like any other from a server that is not trusted. */
export function readableOr<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (isGatewayError(error)) return otherwise;
    throw error;
  }
}
