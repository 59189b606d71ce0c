/** A SCEP client: towards a server behind the gateway, and for the command line. */
export { readAuthority } from './authority.js';
export { offersPost, parseCapabilities } from './capabilities.js';
export { createScepClient } from './scep-client.js';
export { selfSignedSigner } from './self-signed-signer.js';
