/** SCEP (RFC 8894): messages, capabilities, GetCACert shapes, the conductor of an operation, and a client. */
export { createScepClient, type ScepClientOptions } from './client/scep-client.js';
export type {
  EnrollOptions,
  ScepAuthority,
  ScepCapabilities,
  ScepClient,
  ScepOutcome,
  ScepRefusal,
  ScepSession,
  ScepSigner,
} from './client/scep-client.types.js';
export { selfSignedSigner, type SelfSignedSignerOptions } from './client/self-signed-signer.js';
export type { FailInfo } from './failure.js';
export type { ScepEvent } from './scep-event.js';
export { createScepServer, type ScepServerOptions } from './scep-server.js';
export type { ScepProfile, ScepRequest, ScepResponse, ScepServer } from './scep-server.types.js';
