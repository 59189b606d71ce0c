import { z } from 'zod';

/** A certificate by its SHA-256, with or without colons; as thumbprints are written in this house afterwards. */
export const pinSchema = z
  .string()
  .regex(
    /^(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$/,
    'the SHA-256 of a certificate, 64 hex digits with or without colons',
  )
  .overwrite((pin) => pin.replaceAll(':', '').toUpperCase())
  .meta({ title: 'SHA-256 of a certificate' });
