import { z } from 'zod';
import { secretSchema } from './secret.js';

const bindingSchema = z.strictObject({
  subject: z.string().optional(),
  san: z.array(z.string()).optional(),
  key: z.string().optional(),
  requester: z.string().optional().describe('Address or CIDR.'),
});

const staticChallenge = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/),
  secret: secretSchema,
  expires: z.iso.datetime({ offset: true }).optional(),
  maxUses: z.int().min(1).optional(),
  binding: bindingSchema.optional(),
});

const challenges = z
  .strictObject({
    dynamic: z
      .boolean()
      .default(true)
      .describe('One-time challenges from the admin page, the API and the command line.'),
    static: z
      .array(staticChallenge)
      .default([])
      .describe('Shared secrets, several side by side for rotation.'),
    none: z
      .literal('anyone-may-enroll')
      .optional()
      .describe('Only this very value opens the profile to requests without any challenge.'),
    length: z
      .int()
      .min(8)
      .max(32)
      .default(8)
      .describe('Octets of a dynamic challenge; twice as many hex digits.'),
    validityMinutes: z.int().min(1).max(525600).default(60),
    single: z
      .boolean()
      .default(false)
      .describe('NDES UseSinglePassword: the page shows one lasting password.'),
  })
  .prefault({});

const algorithms = z
  .strictObject({
    digests: z
      .array(z.enum(['md5', 'sha1', 'sha256', 'sha384', 'sha512']))
      .min(1)
      .default(['sha1', 'sha256', 'sha384', 'sha512']),
    ciphers: z
      .array(z.enum(['des-cbc', 'des-ede3-cbc', 'aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc']))
      .min(1)
      .default(['des-ede3-cbc', 'aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc']),
  })
  .prefault({})
  .describe('The floor: what a request may use. Replies mirror the request.');

const policy = z
  .strictObject({
    rsaBits: z
      .strictObject({
        min: z.int().min(1024).max(8192).default(2048),
        max: z.int().min(1024).max(8192).default(8192),
      })
      .prefault({})
      .describe('Client RSA keys.'),
    ecCurves: z.array(z.enum(['P-256', 'P-384', 'P-521'])).default(['P-256', 'P-384', 'P-521']),
    subject: z
      .strictObject({
        allowEmpty: z.boolean().default(false).describe('Only with a SAN.'),
        pattern: z
          .string()
          .optional()
          .describe(
            'Regular expression the whole subject text must match, e.g. `CN=[^,]+,O=Example`.',
          ),
      })
      .prefault({}),
    san: z
      .strictObject({
        types: z
          .array(z.enum(['dns', 'email', 'upn', 'uri', 'ip', 'directory', 'other']))
          .default(['dns', 'email', 'upn', 'uri', 'ip'])
          .describe('Kinds of subjectAltName a device may ask for.'),
        pattern: z
          .string()
          .optional()
          .describe('Regular expression every entry, written `dns:host`, must match.'),
        required: z.boolean().default(false),
      })
      .prefault({}),
    keyUsage: z
      .array(
        z.enum([
          'digitalSignature',
          'nonRepudiation',
          'keyEncipherment',
          'dataEncipherment',
          'keyAgreement',
        ]),
      )
      .default(['digitalSignature', 'keyEncipherment'])
      .describe('Granted when asked for; the whole list when a request asks for none.'),
    extendedKeyUsage: z
      .array(z.string().regex(/^[0-2](\.\d+)+$/))
      .default(['1.3.6.1.5.5.7.3.2'])
      .describe('OIDs granted when asked for; the whole list when a request asks for none.'),
    extensions: z
      .array(z.string().regex(/^[0-2](\.\d+)+$/))
      .default([])
      .describe('Further extension OIDs copied from the request as they are.'),
    unlisted: z
      .enum(['strip', 'refuse'])
      .default('strip')
      .describe(
        'What becomes of usages and extensions that are not listed (SID, application policies, template OIDs …).',
      ),
    sidUri: z
      .enum(['strip', 'refuse', 'allow'])
      .default('refuse')
      .describe('SAN URIs that name a Windows SID (`tag:microsoft.com,2022-09-14:sid:…`).'),
    validityDays: z.int().min(1).max(9125).default(365),
    honourRequestedValidity: z
      .boolean()
      .default(true)
      .describe('A shorter validity asked for by Windows (ValidityPeriod attributes) is granted.'),
  })
  .prefault({});

const renewal = z
  .strictObject({
    allow: z.boolean().default(true),
    windowDays: z
      .int()
      .min(0)
      .max(9125)
      .default(0)
      .describe('Only in the last N days of the old certificate; 0 is any time.'),
    graceDays: z.int().min(0).max(365).default(0).describe('Still allowed N days after expiry.'),
    sameKey: z.boolean().default(true).describe('The old key may be certified again.'),
  })
  .prefault({})
  .describe('Renewal with a certificate of ours, by RenewalReq or by PKCSReq signed with it.');

export const profileSchema = z.strictObject({
  paths: z
    .array(z.string().startsWith('/'))
    .min(1)
    .describe('URL paths of this profile; `/pkiclient.exe` and a final slash may follow.'),
  issuer: z.string().describe('Name of an entry under `issuers`.'),
  challenges,
  algorithms,
  policy,
  renewal,
  approval: z
    .enum(['automatic', 'manual'])
    .default('automatic')
    .describe('`manual` answers PENDING until an administrator decides.'),
  maxPending: z.int().min(1).max(1_000_000).default(10_000),
  caCertShape: z
    .enum(['ra-and-chain', 'ra-and-issuer', 'ra-only', 'ca-only'])
    .default('ra-and-chain')
    .describe('What GetCACert returns. `ca-only` needs the CA key as recipient.'),
  caCertRoot: z
    .boolean()
    .default(true)
    .describe('Whether the root belongs to the chain in GetCACert.'),
  replyCertificates: z
    .enum(['leaf', 'leaf-and-issuer', 'chain'])
    .default('leaf')
    .describe(
      'Certificates in a SUCCESS reply. Cisco wants the issuer, Juniper and Apple only the leaf.',
    ),
  includeSigner: z
    .boolean()
    .default(true)
    .describe('The RA signing certificate stands in the outer SignedData.'),
  failureContent: z
    .enum(['omit', 'nul'])
    .default('omit')
    .describe(
      'eContent of FAILURE and PENDING: absent (RFC 8894), or one zero octet as NDES sends.',
    ),
  microsoftAttributes: z
    .boolean()
    .default(false)
    .describe('Adds the SCEP error attributes of Windows (1.3.6.1.4.1.311.21.33 and .38).'),
  replayHours: z
    .int()
    .min(0)
    .max(8760)
    .default(24)
    .describe('How long a re-sent request of a finished transaction gets the stored answer.'),
});

export type ProfileConfig = z.infer<typeof profileSchema>;
