import { z } from 'zod';
import { issuerPair } from './imported-pair-schema.js';
import { tokenName } from './token-schema.js';

export const keyBits = z.literal([2048, 3072, 4096]);

/** A light look only: the issuer parses the name. */
export const distinguishedName = z
  .string()
  .max(1024)
  .regex(/^\s*[A-Za-z0-9.]+\s*=/, 'a distinguished name such as `CN=Example Device CA,O=Example`');

/** The RA certificates of an issuer, whatever its kind. */
export const raKeys = {
  raSubject: distinguishedName
    .default('CN=SCEP Gateway-MSCEP-RA')
    .describe('Distinguished name of the RA certificates.'),
  raKeyBits: keyBits.default(2048).describe('RSA key of each RA certificate, bits.'),
  raKeyToken: tokenName
    .optional()
    .describe(
      'Name under `tokens` of the one that new RA keys are made in. Absent: sealed files. The token must do raw RSA (CKM_RSA_X_509).',
    ),
  raYears: z
    .int()
    .min(1)
    .max(50)
    .default(2)
    .describe('Life of the RA certificates, which are renewed with 30 days left.'),
  raOverlapDays: z
    .int()
    .min(0)
    .max(730)
    .default(60)
    .describe('How long a replaced RA key still opens messages of devices with an old GetCACert.'),
  raCertificates: z
    .enum(['split', 'single'])
    .default('split')
    .describe('Two RA certificates (sign, encrypt) as NDES has them, or one for both.'),
  importRa: issuerPair
    .optional()
    .describe('An existing RA certificate, in the same shape as `import`.'),
};
