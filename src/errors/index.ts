/** The one error type of the gateway: a stable code, a text for the caller, a detail for the log. */
export { GatewayError, isGatewayError } from './gateway-error.js';
export { messageOf } from './message-of.js';
export { readableOr } from './readable.js';
export { errorCodes, type ErrorCode, type ErrorClass } from './codes.js';
