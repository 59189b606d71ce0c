/** SCEP (RFC 8894): messages, capabilities, GetCACert shapes, the conductor of an operation, and a client. */
export type { ScepEvent } from './scep-event.js';
export { createScepServer, type ScepServerOptions } from './scep-server.js';
export type { ScepProfile, ScepRequest, ScepResponse, ScepServer } from './scep-server.types.js';
