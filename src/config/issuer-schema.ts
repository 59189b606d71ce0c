import { z } from 'zod';
import { adcsCesSchema } from './adcs-ces-schema.js';
import { adcsRpcSchema } from './adcs-rpc-schema.js';
import { webEnrollmentSchema } from './adcs-schema.js';
import { issuerPair } from './imported-pair-schema.js';
import { ndesIssuerSchema } from './ndes-issuer-schema.js';
import { distinguishedName, keyBits, raKeys } from './ra-schema.js';
import { tokenName } from './token-schema.js';

const localIssuerSchema = z
  .strictObject({
    kind: z.literal('local').describe('`local` is the embedded CA.'),
    hierarchy: z
      .enum(['root', 'root-and-issuing'])
      .default('root')
      .describe(
        'One root that issues, or a root and an issuing CA under it. Decided at the first start.',
      ),
    subject: distinguishedName
      .default('CN=SCEP Gateway CA')
      .describe('Distinguished name of the issuing CA.'),
    rootSubject: distinguishedName
      .default('CN=SCEP Gateway Root CA')
      .describe('Name of the root where there are two.'),
    keyBits: keyBits.default(2048).describe('RSA key of each CA certificate, bits.'),
    keyToken: tokenName
      .optional()
      .describe(
        'Name under `tokens` of the one that new CA keys are made in. Absent: sealed files.',
      ),
    rootYears: z.int().min(1).max(50).default(20).describe('Life of the root.'),
    issuingYears: z
      .int()
      .min(1)
      .max(50)
      .default(10)
      .describe('Life of the issuing CA where there are two; at most that of the root.'),
    ...raKeys,
    crlHours: z.int().min(1).max(8760).default(168).describe('From thisUpdate to nextUpdate.'),
    backdateMinutes: z
      .int()
      .min(0)
      .max(2880)
      .default(60)
      .describe('notBefore lies this far in the past: device clocks are slow (Autopilot: hours).'),
    import: issuerPair
      .optional()
      .describe(
        'An existing CA: either `pfx`, or `certificate` and `key` or `tokenKey`. Taken over into the data directory at the first start.',
      ),
  })
  .describe('The embedded CA.');

export const issuerSchema = z.discriminatedUnion('kind', [
  localIssuerSchema,
  webEnrollmentSchema,
  adcsRpcSchema,
  adcsCesSchema,
  ndesIssuerSchema,
]);

export type IssuerConfig = z.infer<typeof issuerSchema>;
export type LocalIssuerConfig = z.infer<typeof localIssuerSchema>;
export type WebEnrollmentConfig = z.infer<typeof webEnrollmentSchema>;
export type AdcsRpcConfig = z.infer<typeof adcsRpcSchema>;
export type AdcsCesConfig = z.infer<typeof adcsCesSchema>;
