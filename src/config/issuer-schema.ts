import { z } from 'zod';
import { secretSchema } from './secret.js';

const importedCa = z
  .strictObject({
    pfx: z.string().optional().describe('PKCS#12 file with certificate, key and chain.'),
    certificate: z.string().optional().describe('PEM file: the CA certificate, then its chain.'),
    key: z
      .string()
      .optional()
      .describe('PEM file: the private key (PKCS#8 or PKCS#1, may be encrypted).'),
    passphrase: secretSchema.optional(),
  })
  .describe(
    'Bring your own: either `pfx`, or `certificate` and `key`. Read once, then kept in the data directory.',
  );

const keyBits = z.union([z.literal(2048), z.literal(3072), z.literal(4096)]);

export const localIssuerSchema = z
  .strictObject({
    kind: z.literal('local'),
    hierarchy: z
      .enum(['root', 'root-and-issuing'])
      .default('root')
      .describe('One root that issues, or a root and an issuing CA under it.'),
    subject: z
      .string()
      .default('CN=SCEP Gateway CA')
      .describe('Distinguished name of the issuing CA.'),
    rootSubject: z
      .string()
      .default('CN=SCEP Gateway Root CA')
      .describe('Name of the root where there are two.'),
    keyBits: keyBits.default(2048).describe('RSA key of the CA.'),
    rootYears: z.int().min(1).max(50).default(20),
    issuingYears: z.int().min(1).max(50).default(10),
    raSubject: z
      .string()
      .default('CN=SCEP Gateway-MSCEP-RA')
      .describe('Distinguished name of the RA certificates.'),
    raKeyBits: keyBits.default(2048),
    raYears: z
      .int()
      .min(1)
      .max(50)
      .default(2)
      .describe('RA certificates are renewed with 30 days left.'),
    raOverlapDays: z
      .int()
      .min(0)
      .max(730)
      .default(60)
      .describe(
        'How long a replaced RA key still opens messages of devices with an old GetCACert.',
      ),
    raCertificates: z
      .enum(['split', 'single'])
      .default('split')
      .describe('Two RA certificates (sign, encrypt) as NDES has them, or one for both.'),
    crlHours: z.int().min(1).max(8760).default(168).describe('From thisUpdate to nextUpdate.'),
    backdateMinutes: z
      .int()
      .min(0)
      .max(2880)
      .default(60)
      .describe('notBefore lies this far in the past: device clocks are slow (Autopilot: hours).'),
    import: importedCa.optional(),
    importRa: importedCa.optional(),
  })
  .describe('The embedded CA.');

export const issuerSchema = z.discriminatedUnion('kind', [localIssuerSchema]);

export type IssuerConfig = z.infer<typeof issuerSchema>;
