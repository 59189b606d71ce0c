/** BER in, DER out: a bounded walk over bytes, views on what it found, and a small DER writer. */
export { parseBer, type BerLimits, defaultBerLimits } from './ber.js';
export { BerNode } from './node.js';
export * as der from './der.js';
export { definiteForm } from './definite-form.js';
export { encodeOid, decodeOid } from './oid.js';
export { tag } from './tag.js';
export { decodeTime, encodeTime } from './time.js';
export { decodeText } from './text.js';
