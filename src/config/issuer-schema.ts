import { z } from 'zod';
import { secretSchema } from './secret.js';

const filePath = z.string().min(1, 'the path of a file');

const importedCa = z
  .strictObject({
    pfx: filePath.optional().describe('PKCS#12 file with certificate, key and chain.'),
    certificate: filePath.optional().describe('PEM file: the certificate, then its chain.'),
    key: filePath
      .optional()
      .describe('PEM file: the private key (PKCS#8 or PKCS#1, may be encrypted).'),
    passphrase: secretSchema.optional().describe('Opens the PKCS#12 file or the encrypted key.'),
  })
  .describe('Bring your own.');

const keyBits = z.literal([2048, 3072, 4096]);

/** A light look only: the issuer parses the name. */
const distinguishedName = z
  .string()
  .max(1024)
  .regex(/^\s*[A-Za-z0-9.]+\s*=/, 'a distinguished name such as `CN=Example Device CA,O=Example`');

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
    rootYears: z.int().min(1).max(50).default(20).describe('Life of the root.'),
    issuingYears: z
      .int()
      .min(1)
      .max(50)
      .default(10)
      .describe('Life of the issuing CA where there are two; at most that of the root.'),
    raSubject: distinguishedName
      .default('CN=SCEP Gateway-MSCEP-RA')
      .describe('Distinguished name of the RA certificates.'),
    raKeyBits: keyBits.default(2048).describe('RSA key of each RA certificate, bits.'),
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
    import: importedCa
      .optional()
      .describe(
        'An existing CA: either `pfx`, or `certificate` and `key`. Taken over into the data directory at the first start.',
      ),
    importRa: importedCa
      .optional()
      .describe('An existing RA certificate, in the same shape as `import`.'),
  })
  .describe('The embedded CA.');

export const issuerSchema = z.discriminatedUnion('kind', [localIssuerSchema]);

export type IssuerConfig = z.infer<typeof issuerSchema>;
