/** NTLM, for gateways that offer it. */
export { createNtlmAuthenticator } from './authenticator.js';
