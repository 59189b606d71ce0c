/** SCEP (RFC 8894): messages, capabilities, GetCACert shapes, the conductor of an operation, and a client. */
export { readAuthority } from './client/authority.js';
export { offersPost, parseCapabilities } from './client/capabilities.js';
export { createScepClient } from './client/scep-client.js';
export type {
  EnrollOptions,
  ScepAuthority,
  ScepClient,
  ScepOutcome,
  ScepSession,
  ScepSigner,
} from './client/scep-client.types.js';
export { selfSignedSigner } from './client/self-signed-signer.js';
export { createScepRelay } from './relay/scep-relay.js';
export type {
  PrecheckRequest,
  PrecheckVerdict,
  RelayedContent,
  RelayEvent,
  RelayPrecheck,
  RelayUpstream,
} from './relay/scep-relay.types.js';
export { explainPkiMessage } from './explain.js';
export type { PkiMessageExplanation } from './explain.types.js';
export type { ScepEvent } from './scep-event.js';
export { createScepServer } from './scep-server.js';
export type { ScepProfile, ScepRequest, ScepResponse, ScepServer } from './scep-server.types.js';
