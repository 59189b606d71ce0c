/** Whose client certificates are accepted, and where one is asked for. */
import { z } from 'zod';
import { pinSchema } from './pin-schema.js';
import { trustNamesSchema } from './tls-schema.js';

const filePath = z.string().min(1, 'the path of a file');

const certificateNameSchema = z
  .string()
  .max(1024)
  .regex(
    /^(?:(?:dns|email|upn|uri|ip):\S|\s*[A-Za-z0-9.]+\s*=)/,
    'a name such as `dns:waf.example.org`, `upn:anna@example.org` or a whole subject, `CN=connector,O=Example`',
  )
  .meta({ title: 'name of a certificate' });

export const trustListsSchema = z
  .record(
    z.string(),
    z.strictObject({
      pins: z
        .array(pinSchema)
        .max(100)
        .default([])
        .describe('Certificates by SHA-256; two while one replaces the other.'),
      ca: z
        .array(filePath)
        .max(32)
        .default([])
        .describe(
          'PEM or DER files of CA certificates. Each certificate in them is trusted by itself, root or not.',
        ),
      issuers: z
        .array(z.string())
        .max(32)
        .default([])
        .describe('CAs of this gateway by their name under `issuers`; with the CRLs they give.'),
      names: z
        .array(certificateNameSchema)
        .max(100)
        .default([])
        .describe(
          'One of them the certificate must have: `dns:`, `email:`, `upn:`, `uri:` or `ip:` of its subjectAltName, or its whole subject.',
        ),
      crls: z
        .array(filePath)
        .max(32)
        .default([])
        .describe(
          'PEM or DER files of whole CRLs: of the CAs in `ca`, of those under them, and of `issuers` that have no CRL to give.',
        ),
      revocation: z
        .enum(['required', 'best-effort', 'off'])
        .default('required')
        .describe(
          'Without a current CRL: `required` refuses; `best-effort` refuses only who is known to be revoked; `off` does not look.',
        ),
      crlGraceHours: z
        .int()
        .min(0)
        .max(720)
        .default(0)
        .describe('How long after its nextUpdate a CRL still counts as current.'),
    }),
  )
  .default({})
  .describe(
    'Lists of accepted client certificates. All that a list asks for must hold; files are taken up again within seconds of a change.',
  );

export const callerCertificatesSchema = z
  .strictObject({
    admin: trustNamesSchema
      .optional()
      .describe('The admin page, `/`, and all that has no rule of its own.'),
    api: trustNamesSchema.optional().meta({ description: '`/api`.', defaultText: 'as `admin`' }),
  })
  .prefault({})
  .describe(
    'Routes that are served only to callers with a client certificate that one of the trust lists accepts, besides sign-in. SCEP has its rule in the profile.',
  );

export const accountCertificateSchema = z
  .strictObject({
    pin: pinSchema.optional().describe('This certificate and no other; instead of `trust`.'),
    trust: z.string().min(1).max(64).optional().describe('A trust list that must accept it.'),
    name: certificateNameSchema
      .optional()
      .describe('The name it must have besides; may be left out where the list names or pins.'),
  })
  .describe('A certificate.');
