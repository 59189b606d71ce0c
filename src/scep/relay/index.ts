/** Messages passed on to another SCEP server. */
export { createScepRelay } from './scep-relay.js';
