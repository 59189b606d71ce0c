import { z } from 'zod';
import { secretSchema } from './secret.js';

export const filePath = z.string().min(1, 'the path of a file');

/** A certificate with its key, from outside. */
export const importedPair = z
  .strictObject({
    pfx: filePath.optional().describe('PKCS#12 file with certificate, key and chain.'),
    certificate: filePath.optional().describe('PEM file: the certificate, then its chain.'),
    key: filePath
      .optional()
      .describe('PEM file: the private key (PKCS#8 or PKCS#1, may be encrypted).'),
    passphrase: secretSchema.optional().describe('Opens the PKCS#12 file or the encrypted key.'),
  })
  .describe('Bring your own.');

/** The same for an issuer, whose key may be in a token already. */
export const issuerPair = importedPair
  .extend({
    tokenKey: z
      .strictObject({
        label: z.string().min(1).max(256).optional().describe('CKA_LABEL of the private key.'),
        id: z
          .string()
          .regex(/^(?:[0-9A-Fa-f]{2}){1,64}$/, 'hex digits, two for each octet')
          .transform((id) => id.toLowerCase())
          .optional()
          .describe('CKA_ID of the private key, hex; in quotes.'),
      })
      .optional()
      .describe(
        'Instead of a file with the key: which RSA key of `keyToken` (`raKeyToken` for the RA) belongs to `certificate`. It stays there.',
      ),
  })
  .describe('Bring your own.');

export type IssuerPair = z.infer<typeof issuerPair>;
export type ImportedPair = z.infer<typeof importedPair>;
