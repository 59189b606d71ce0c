/** Kerberos, for gateways that offer it. */
export { createNegotiateAuthenticator } from './authenticator.js';
