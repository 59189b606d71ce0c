import { z } from 'zod';

const source = z.string().min(1, 'a name or path');

/** A reference to a secret: exactly one of file, environment variable or systemd credential. */
export const secretSchema = z
  .union([
    z.strictObject({ file: source }),
    z.strictObject({
      env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'the name of a variable'),
    }),
    z.strictObject({
      credential: z
        .string()
        .regex(/^(?!\.{1,2}$)[A-Za-z0-9_.@:-]{1,255}$/, 'the name of a credential'),
    }),
  ])
  .meta({ title: 'secret reference' });

export type SecretReference = z.infer<typeof secretSchema>;
