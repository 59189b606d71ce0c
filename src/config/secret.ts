import { z } from 'zod';

/** A reference to a secret: exactly one of file, environment variable or systemd credential. */
export const secretSchema = z
  .union([
    z.strictObject({ file: z.string().min(1) }),
    z.strictObject({ env: z.string().min(1) }),
    z.strictObject({ credential: z.string().min(1) }),
  ])
  .describe(
    '`{ file: path }`, `{ env: NAME }` or `{ credential: name }` (systemd LoadCredential).',
  );

export type SecretReference = z.infer<typeof secretSchema>;
