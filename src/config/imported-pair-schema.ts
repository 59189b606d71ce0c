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

export type ImportedPair = z.infer<typeof importedPair>;
