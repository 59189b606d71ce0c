/**
 * SCEP (RFC 8894): messages, capabilities, GetCACert shapes, the conductor of an operation. The client, the relay
 * and what explains messages have doors of their own, for most gateways need none of them.
 */
export type {
  EnrollOptions,
  ScepAuthority,
  ScepClient,
  ScepOutcome,
  ScepSession,
  ScepSigner,
} from './client/scep-client.types.js';
export type {
  PrecheckRequest,
  PrecheckVerdict,
  RelayedContent,
  RelayEvent,
  RelayPrecheck,
  RelayUpstream,
} from './relay/scep-relay.types.js';
export type { PkiMessageExplanation } from './explain/explain.types.js';
export type { ScepEvent } from './scep-event.js';
export { createScepServer } from './scep-server.js';
export type { ScepProfile, ScepRequest, ScepResponse, ScepServer } from './scep-server.types.js';
