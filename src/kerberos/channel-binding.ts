import type { Address } from '../ffi/index.js';
import { putBuffer, type GssArena } from './arena.js';

/** A `gss_channel_bindings_struct` without addresses, as RFC 5929 and Windows have it; NULL without data. */
export function channelBindings(arena: GssArena, data: Buffer | undefined): Address {
  if (data === undefined) return 0n;
  const structure = Buffer.alloc(64);
  putBuffer(structure, 48, data.length, arena.bytes(data));
  return arena.bytes(structure);
}
