/** What pkijs does: the reference codec, and the reading of bundles. A door of its own, for it takes long to load. */
export { readBundle, type Bundle } from './bundle.js';
export { createPkijsCodec } from './codec.js';
