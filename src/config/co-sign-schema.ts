import { z } from 'zod';
import { importedPair } from './imported-pair-schema.js';
import { templateName } from './template-name.js';

/** Signatures of enrollment agents, for templates that demand them. */
export const coSign = z
  .strictObject({
    form: z
      .enum(['cms', 'cmc'])
      .default('cms')
      .describe('`cms` signs the request as it is; `cmc` can add to it what was attested.'),
    agent: importedPair
      .optional()
      .describe(
        'Certificate and key of the enrollment agent; absent: the RA certificate that signs, once it is of the CA.',
      ),
    secondAgent: importedPair
      .optional()
      .describe('Signs besides, where the template demands two authorized signatures.'),
    templates: z
      .array(templateName)
      .default([])
      .describe('Templates whose requests are signed; empty: every template of this issuer.'),
    addExtensions: z
      .array(z.enum(['sid', 'san']))
      .default([])
      .describe(
        'What `cmc` adds to a request that lacks it, where it was attested with the challenge or stands in the renewed certificate: the SID of the account, the subjectAltName.',
      ),
    applicationPolicy: z
      .string()
      .regex(/^[0-2](?:\.(?:0|[1-9]\d*)){2,}$/, 'an OID such as `1.3.6.1.4.1.311.20.2.1`')
      .default('1.3.6.1.4.1.311.20.2.1')
      .describe(
        'OID of the application policy that the templates demand of their signers; the default is Certificate Request Agent.',
      ),
  })
  .optional()
  .describe('Signs requests as an enrollment agent, for templates that demand it.');

export type CoSignConfig = NonNullable<z.infer<typeof coSign>>;
