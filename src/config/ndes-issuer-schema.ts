import { z } from 'zod';
import { importedPair, issuerPair } from './imported-pair-schema.js';
import { raKeys } from './ra-schema.js';
import { webSignIn, webTls } from './web-sign-in-schema.js';

const upstreamUrl = (example: string) =>
  z.url({ protocol: /^https?$/, error: `an http or https URL such as \`${example}\`` });

export const ndesIssuerSchema = z
  .strictObject({
    kind: z
      .literal('ndes')
      .describe('`ndes` is an existing NDES, or any other SCEP server, behind the gateway.'),
    mode: z
      .enum(['relay', 're-enroll'])
      .describe(
        '`relay` passes SCEP messages on octet for octet. `re-enroll` answers devices itself and enrolls with the server on their behalf.',
      ),
    url: upstreamUrl('https://ndes.corp.example/certsrv/mscep/mscep.dll').describe(
      'SCEP URL of the server, `https://ndes.corp.example/certsrv/mscep/mscep.dll`.',
    ),
    challenge: z
      .enum(['one-time', 'fixed', 'none'])
      .default('one-time')
      .describe(
        'What the server reads in the challengePassword of a CSR. `one-time`: a password of its admin page, good once. `fixed`: one that all devices send (`challenges.static` of the profile). `none`: nothing (EnforcePassword 0), so challenges are the gateway’s.',
      ),
    adminPage: z
      .strictObject({
        url: upstreamUrl('https://ndes.corp.example/certsrv/mscep_admin/').optional().meta({
          description: 'Where the server hands out its passwords.',
          defaultText: '`/certsrv/mscep_admin/` beside `url`',
        }),
        authentication: webSignIn,
      })
      .optional()
      .describe(
        'Its `mscep_admin` page, from which the challenges of this issuer are fetched when somebody asks the gateway for one.',
      ),
    fingerprint: z
      .string()
      .regex(
        /^(?:[0-9A-Fa-f]{2}[: ]?){15}[0-9A-Fa-f]{2}$|^(?:[0-9A-Fa-f]{2}[: ]?){19}[0-9A-Fa-f]{2}$|^(?:[0-9A-Fa-f]{2}[: ]?){31}[0-9A-Fa-f]{2}$/,
        'a SHA-256 (64 hex digits), SHA-1 (40) or MD5 (32)',
      )
      .optional()
      .describe(
        'Of a certificate that GetCACert of the server must bring, its CA for instance; without it, what comes over TLS is believed.',
      ),
    caIdentifier: z
      .string()
      .regex(/^[^\p{C}]{1,256}$/u, 'one line of text')
      .optional()
      .describe('CA identifier for a server with several CAs (`message=` of GetCACert).'),
    tls: webTls,
    answersAgain: z
      .boolean()
      .default(false)
      .describe(
        '`re-enroll`: the server gives the stored answer to a request that comes again under its transactionID (this gateway does, NDES does not). Then a lost answer needs no operator.',
      ),
    signer: importedPair
      .optional()
      .describe(
        '`re-enroll`: certificate and key that sign towards the server, for one that trusts an RA by its certificate. Absent: a self-signed certificate on a key of the gateway.',
      ),
    importRaEncryption: issuerPair
      .optional()
      .describe('The encryption RA certificate, where `importRa` is the one that signs (NDES).'),
    connections: z
      .int()
      .min(1)
      .max(256)
      .default(16)
      .describe('Requests to the server at once; further ones get 503.'),
    timeoutSeconds: z
      .int()
      .min(1)
      .max(90)
      .default(30)
      .describe('How long the server may take for an answer.'),
    answerBytes: z
      .int()
      .min(4096)
      .max(1_048_576)
      .default(131_072)
      .describe('Largest answer that is read, octets.'),
    refreshMinutes: z
      .int()
      .min(1)
      .max(1440)
      .default(60)
      .describe('How often GetCACaps and GetCACert are asked for anew.'),
    ...raKeys,
  })
  .describe('An NDES or another SCEP server behind the gateway.');

export type NdesIssuerConfig = z.infer<typeof ndesIssuerSchema>;
