/** HTTP/1.1 with a sign-in to the Windows servers behind the gateway, and outcomes a relay can act on. */
export { createWebClient } from './client.js';
export { networkFault } from './network-fault.js';
export { offeredSchemes } from './offered-schemes.js';
export type {
  GssInitiator,
  GssInitiators,
  GssTarget,
  WebClient,
  WebClientOptions,
  WebCredential,
  WebOutcome,
  WebRequest,
  WebTls,
} from './web-client.types.js';
