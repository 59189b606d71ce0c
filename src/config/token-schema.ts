import { z } from 'zod';
import { secretSchema } from './secret.js';

/** A PKCS #11 token that keys live in. */
export const tokenSchema = z
  .strictObject({
    module: z
      .string()
      .min(1, 'the path of a PKCS #11 library')
      .describe('PKCS #11 library of the token, such as `/usr/lib/softhsm/libsofthsm2.so`.'),
    label: z
      .string()
      .min(1)
      .max(32)
      .optional()
      .describe('Label of the token; `label`, `serial` or both.'),
    serial: z
      .string()
      .min(1)
      .max(16)
      .optional()
      .describe('Serial number of the token, where labels are not unique.'),
    pin: secretSchema
      .optional()
      .describe(
        'PIN of the user (CKU_USER). Without it, the token asks for it at its own keypad, or wants none. A PIN that is refused is not tried again.',
      ),
    sessions: z
      .int()
      .min(1)
      .max(64)
      .default(2)
      .describe(
        'Operations of the token at once, each on a thread of the four that node has (environment variable UV_THREADPOOL_SIZE): one that hangs keeps its thread. `sessions` + 1 of all tokens are to be fewer than the threads.',
      ),
    timeoutSeconds: z
      .int()
      .min(1)
      .max(120)
      .default(10)
      .describe('How long an operation may take; then the device gets 503 and comes again.'),
  })
  .describe('A token with private keys (PKCS #11). Needs the package koffi.');

export type TokenConfig = z.infer<typeof tokenSchema>;

export const tokenName = z.string().min(1).max(32);
