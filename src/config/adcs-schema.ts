import { z } from 'zod';
import { coSign } from './co-sign-schema.js';
import { filePath } from './imported-pair-schema.js';
import { pinSchema } from './pin-schema.js';
import { raKeys } from './ra-schema.js';
import { templateName } from './template-name.js';
import { webSignIn, webTls } from './web-sign-in-schema.js';

/** NDES asks for this one unless its registry says otherwise. */
const usual = 'IPSECIntermediateOffline';

export const submitSeconds = z
  .int()
  .min(5)
  .max(75)
  .default(60)
  .describe('How long the CA may take for a request; its policy module may ask far away.');

/** What every interface of AD CS has. */
export const adcsKeys = {
  template: templateName
    .optional()
    .describe('One certificate template (its cn) for every request; instead of `templates`.'),
  templates: z
    .strictObject({
      SignatureTemplate: templateName
        .default(usual)
        .describe('For requests whose key usage is digitalSignature alone.'),
      EncryptionTemplate: templateName
        .default(usual)
        .describe('For requests whose key usage is keyEncipherment alone.'),
      GeneralPurposeTemplate: templateName
        .default(usual)
        .describe('For both, and for requests without a key usage.'),
    })
    .prefault({})
    .describe('Certificate templates by key usage, under the names of NDES’ registry.'),
  attributes: z
    .record(
      z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'the name of a request attribute'),
      z.string().regex(/^[^\p{C}]{1,256}$/u, 'one line of text'),
    )
    .default({})
    .describe('Further request attributes for the policy module of the CA, name and value.'),
  caCertificates: filePath
    .optional()
    .describe(
      'PEM file: the issuing CA, and the CAs above it up to the root. Absent: asked from the CA.',
    ),
  caThumbprints: z
    .array(pinSchema)
    .default([])
    .describe(
      'SHA-256 of issuing CA certificates to accept; empty: the first that the CA tells, and its renewals.',
    ),
  raTemplates: z
    .strictObject({
      SignatureTemplate: templateName
        .default('EnrollmentAgentOffline')
        .describe('Of the certificate that signs replies, and where one does both.'),
      EncryptionTemplate: templateName
        .default('CEPEncryption')
        .describe('Of the certificate that requests are encrypted to.'),
    })
    .prefault({})
    .describe('Certificate templates of the RA certificates that `ra enroll` asks for.'),
  coSign,
  ...raKeys,
};

export const webEnrollmentSchema = z
  .strictObject({
    kind: z
      .literal('adcs-webenroll')
      .describe('`adcs-webenroll` is AD CS by its Web Enrollment pages (certsrv).'),
    url: z
      .url({
        protocol: /^https?$/,
        error: 'the URL of Web Enrollment such as `https://ca1.corp.example/certsrv/`',
      })
      .describe('Where Web Enrollment is, `https://ca1.corp.example/certsrv/`.'),
    authentication: webSignIn,
    tls: webTls,
    ...adcsKeys,
  })
  .describe('AD CS through Web Enrollment.');
