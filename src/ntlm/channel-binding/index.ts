/** Channel bindings alone: every TLS listener has them, and few sign in with NTLM. */
export { channelBindingHash, tlsServerEndPoint } from './channel-binding.js';
