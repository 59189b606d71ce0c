/** NTLMv2 (MS-NLMP), both sides: messages, proof, session security, channel binding. No LM, no NTLMv1. */
export { createNtlmClient, type NtlmClientOptions, type NtlmCredentials } from './client.js';
export { ntHash, type NtHash } from './ntlmv2.js';
export {
  createNtlmServer,
  type NtlmChannel,
  type NtlmClaim,
  type NtlmFault,
  type NtlmHandshake,
} from './server.js';
export { acceptCompleted, readNtlmToken, wrapChallenge, type NtlmToken } from './spnego.js';
export type { NtlmSession } from './session.js';
