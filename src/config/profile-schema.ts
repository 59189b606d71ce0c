import { z } from 'zod';
import { addressRulesSchema } from './access-schema.js';
import { ndesNamesSchema } from './ndes-names.js';
import { pinSchema } from './pin-schema.js';
import { secretSchema } from './secret.js';
import { templateName } from './template-name.js';
import { trustNamesSchema } from './tls-schema.js';

const oid = z.string().regex(/^[0-2](\.\d+)+$/, 'a dotted OID such as `1.3.6.1.5.5.7.3.2`');

const pathSchema = z
  .string()
  .max(256)
  .regex(
    /^\/(?:[A-Za-z0-9._~-]+(?:\/[A-Za-z0-9._~-]+)*\/?)?$/,
    'a path such as `/scep/phones`: a slash, then letters, digits, `.`, `_`, `~` and `-`',
  );

/** The length bounds the work of a hostile or careless expression; see pattern.ts. */
const pattern = z.string().min(1).max(512);

const bindingSchema = z.strictObject({
  subject: z
    .string()
    .min(1)
    .optional()
    .describe('The subject the request must have, e.g. `CN=device-7,O=Example`.'),
  san: z
    .array(
      z
        .string()
        .regex(
          /^\s*(?:dns|email|upn|uri|ip|directory|other):/i,
          'a kind and a value, such as `dns:host.example.org`',
        ),
    )
    .min(1)
    .optional()
    .describe('subjectAltName entries a request may hold, at least one of them.'),
  key: z
    .string()
    .regex(
      /^(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$/,
      'the SHA-256 of a SubjectPublicKeyInfo, 64 hex digits',
    )
    .optional()
    .describe('The one public key: SHA-256 of its SubjectPublicKeyInfo, hex.'),
  requester: z
    .union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])
    .meta({ title: 'address, or network such as `192.0.2.0/24`' })
    .optional()
    .describe('Where the request must come from.'),
});

const staticChallenge = z.strictObject({
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9_.-]{1,64}$/,
      'a name of up to 64 letters, digits, dots, hyphens and underscores',
    )
    .describe('Its name in the log and the audit trail.'),
  secret: secretSchema.describe('The challenge that devices send.'),
  expires: z.iso
    .datetime({ offset: true, error: 'a time with a zone, such as `2030-01-31T12:00:00Z`' })
    .optional()
    .describe('Refused from this moment on; never when absent.'),
  maxUses: z
    .int()
    .min(1)
    .optional()
    .describe('How many enrollments it opens in all; no limit when absent.'),
  binding: bindingSchema.optional().describe('Opens only for requests that fit all of this.'),
});

const webhook = z.strictObject({
  url: z
    .url({ protocol: /^https$/, error: 'an https URL such as `https://mdm.example.org/scep`' })
    .describe('Where each challenge that is not ours is sent, by POST. No redirect is followed.'),
  secret: secretSchema.describe('The key that requests are signed with (HMAC-SHA256).'),
  keyId: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, 'up to 128 printable characters without blanks')
    .default('scep-gateway')
    .describe('Names the secret to the validator, so that it can hold two while one is replaced.'),
  format: z
    .enum(['gateway', 'step-ca'])
    .default('gateway')
    .describe(
      'How requests are signed: our headers, or those of a step-ca SCEPCHALLENGE webhook with its base64 secret. See devices-and-mdms.md.',
    ),
  ca: z
    .string()
    .min(1)
    .optional()
    .describe('PEM file of the CAs that the server must be certified by; public CAs when absent.'),
  pins: z
    .array(pinSchema)
    .min(1)
    .max(2)
    .optional()
    .describe('SHA-256 of the server certificate, besides its chain; two for its replacement.'),
  timeoutSeconds: z.int().min(1).max(30).default(10).describe('How long an answer may take.'),
  denialSeconds: z
    .int()
    .min(0)
    .max(3600)
    .default(60)
    .describe('How long a denied request is denied again without asking.'),
});

const jamfWebhook = z.strictObject({
  path: pathSchema.optional().meta({
    description: 'Where the webhook is reached, in any letter case.',
    defaultText: '`/jamf/<name of the profile>`',
  }),
  device: z
    .enum(['bind', 'require', 'ignore'])
    .default('bind')
    .describe(
      'A challenge opens only for a request that names the serial number or UDID of the event, where there is one; `require` hands out no other.',
    ),
  subject: z
    .string()
    .min(1)
    .max(512)
    .regex(
      /^(?:[^{}]|\{(?:serialNumber|udid)\})+$/,
      'a subject in which only `{serialNumber}` and `{udid}` stand in braces',
    )
    .optional()
    .describe('The whole subject a request must have, such as `CN={serialNumber},O=Example`.'),
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
    jamfWebhook: jamfWebhook
      .optional()
      .describe(
        "Jamf Pro's webhook SCEPChallenge: a POST that is answered with a one-time challenge and nothing else.",
      ),
    webhook: webhook
      .optional()
      .describe(
        'An external validator that judges challenges before anything is issued. Without an answer nothing is.',
      ),
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
    validityMinutes: z
      .int()
      .min(1)
      .max(525600)
      .default(60)
      .describe('How long a dynamic challenge can be used.'),
    max: z
      .int()
      .min(1)
      .max(10_000_000)
      .default(10_000)
      .describe(
        'Open challenges an account may hold when it asks for one of this profile; the smaller of this and `accounts[].quota` counts. Beyond it the admin page says that its cache is full.',
      ),
    single: z
      .boolean()
      .default(false)
      .describe('NDES UseSinglePassword: the page shows one lasting password.'),
  })
  .prefault({})
  .describe('What opens this profile to a new device.');

const algorithms = z
  .strictObject({
    digests: z
      .array(z.enum(['md5', 'sha1', 'sha256', 'sha384', 'sha512']))
      .min(1)
      .default(['sha1', 'sha256', 'sha384', 'sha512'])
      .describe('Digests of signed requests. `md5` only where old devices leave no choice.'),
    ciphers: z
      .array(z.enum(['des-cbc', 'des-ede3-cbc', 'aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc']))
      .min(1)
      .default(['des-ede3-cbc', 'aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc'])
      .describe(
        'Content ciphers of encrypted requests. `des-cbc` only where old devices leave no choice.',
      ),
  })
  .prefault({})
  .describe('The floor: what a request may use. Replies mirror the request.');

const policy = z
  .strictObject({
    rsaBits: z
      .strictObject({
        min: z.int().min(1024).max(8192).default(2048).describe('Smallest RSA key, bits.'),
        max: z.int().min(1024).max(8192).default(8192).describe('Largest RSA key, bits.'),
      })
      .prefault({})
      .describe('Client RSA keys.'),
    ecCurves: z
      .array(z.enum(['P-256', 'P-384', 'P-521']))
      .default(['P-256', 'P-384', 'P-521'])
      .describe('Curves of client EC keys; an empty list refuses EC.'),
    subject: z
      .strictObject({
        allowEmpty: z.boolean().default(false).describe('Only with a SAN.'),
        pattern: pattern
          .optional()
          .describe(
            'Regular expression the whole subject text must match, e.g. `CN=[^,]+,O=Example`.',
          ),
      })
      .prefault({})
      .describe('The subject a request may name.'),
    san: z
      .strictObject({
        types: z
          .array(z.enum(['dns', 'email', 'upn', 'uri', 'ip', 'directory', 'other']))
          .default(['dns', 'email', 'upn', 'uri', 'ip'])
          .describe('Kinds of subjectAltName a device may ask for.'),
        pattern: pattern
          .optional()
          .describe('Regular expression every entry, written `dns:host`, must match.'),
        required: z.boolean().default(false).describe('Refuse requests without a subjectAltName.'),
      })
      .prefault({})
      .describe('The subjectAltName a request may name.'),
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
      .array(oid)
      .default(['1.3.6.1.5.5.7.3.2'])
      .describe('OIDs granted when asked for; the whole list when a request asks for none.'),
    extensions: z
      .array(oid)
      .default([])
      .describe('Further extension OIDs copied from the request as they are.'),
    unlisted: z
      .enum(['strip', 'refuse'])
      .default('strip')
      .describe(
        'What becomes of usages and extensions that are not listed (SID, application policies, template OIDs …).',
      ),
    sidUri: z
      .enum(['strip', 'refuse', 'attested', 'allow'])
      .default('attested')
      .describe(
        'SAN URIs that name a Windows SID (`tag:microsoft.com,2022-09-14:sid:…`): `attested` refuses all but the one that came with the challenge, or stands in the renewed certificate; `allow` lets a device be any account.',
      ),
    validityDays: z.int().min(1).max(9125).default(365).describe('Life of an issued certificate.'),
    honourRequestedValidity: z
      .boolean()
      .default(true)
      .describe('A shorter validity asked for by Windows (ValidityPeriod attributes) is granted.'),
  })
  .prefault({})
  .describe('What a certificate request may ask for.');

const renewal = z
  .strictObject({
    allow: z.boolean().default(true).describe('Whether devices may renew without a challenge.'),
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
  paths: z.array(pathSchema).default([]).meta({
    description:
      'URL paths of this profile, in any letter case; clients may add `/pkiclient.exe` or a final slash.',
    defaultText: '`/scep/<name of the profile>`',
  }),
  issuer: z.string().default('local').describe('Name of an entry under `issuers`.'),
  template: templateName
    .optional()
    .describe('Certificate template (its cn) for this profile, of an AD CS issuer.'),
  standby: z
    .array(z.string())
    .max(8)
    .default([])
    .describe(
      'Further entries under `issuers` that reach the same CA, tried in this order when the ones before certainly received nothing.',
    ),
  outage: z
    .enum(['queue', 'retry-later'])
    .default('queue')
    .describe(
      'What devices get while no CA answers: `queue` says PENDING, keeps the request and its challenge, and submits it when the CA is back; `retry-later` answers 503 with Retry-After and keeps nothing. The embedded CA is out only when the gateway is, and always does the latter.',
    ),
  allow: addressRulesSchema
    .optional()
    .describe('Addresses that reach SCEP of this profile; every address when absent.'),
  certificates: trustNamesSchema
    .optional()
    .describe(
      'Trust lists, one of which must accept the client certificate of whoever calls SCEP of this profile: an MDM or a proxy, since devices have none yet.',
    ),
  challenges,
  ndes: ndesNamesSchema
    .optional()
    .describe("The same settings under the names of NDES' registry, instead of `challenges`."),
  algorithms,
  policy,
  renewal,
  approval: z
    .enum(['automatic', 'manual'])
    .default('automatic')
    .describe('`manual` answers PENDING until an administrator decides.'),
  maxPending: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe(
      'Requests that may wait for an administrator or a CA at once; more get 503 with Retry-After.',
    ),
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
    .enum(['empty', 'omit', 'nul'])
    .default('empty')
    .describe(
      'eContent of FAILURE and PENDING: of no length, which every client reads; absent, which certmonger takes for an unsigned reply; or one zero octet as NDES sends.',
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

/** After loading: `ndes` has become `challenges`. */
export type ProfileConfig = Omit<z.infer<typeof profileSchema>, 'ndes'>;
