/** Accounts that the gateway signs in to Windows servers with. */
import { z } from 'zod';
import { filePath } from './imported-pair-schema.js';
import { secretSchema } from './secret.js';

const accountName = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\p{C}]+$/u, 'a name without control characters');

/** Either `keytab` and `principal`, or `credentialCache`. */
export const kerberosAccount = z.strictObject({
  keytab: filePath.optional().describe('Keytab with the key of the account.'),
  principal: accountName
    .optional()
    .describe('Principal in the keytab, such as `svc-scep@CORP.EXAMPLE`.'),
  credentialCache: z
    .string()
    .min(1)
    .optional()
    .describe('Instead of a keytab: a cache of tickets that another program keeps fresh.'),
  spn: accountName
    .optional()
    .describe(
      'Service principal of the server; `HTTP/`, over RPC `host/`, and its host name when absent.',
    ),
});

export const ntlmAccount = z.strictObject({
  user: accountName.describe('Name of the account, `svc-scep` or `svc-scep@corp.example`.'),
  domain: accountName
    .default('')
    .meta({ defaultText: '–' })
    .describe('Domain of the account, `CORP`; absent for `user@domain` and local accounts.'),
  password: secretSchema.describe('Its password.'),
});

export const passwordAccount = z.strictObject({
  user: accountName.describe('Name of the account, `CORP\\svc-scep`.'),
  password: secretSchema.describe('Its password.'),
});
