/** TLS to a server that keeps records or challenges. */
import { z } from 'zod';
import { secretSchema } from './secret.js';

const filePath = z.string().min(1, 'the path of a file');

export const serverTlsSchema = z
  .strictObject({
    mode: z
      .enum(['verify', 'off'])
      .default('verify')
      .describe(
        '`verify`: a server without a good certificate gets no password and no record. `off`: in the clear. A Unix socket needs none.',
      ),
    ca: filePath
      .optional()
      .describe('PEM file with the CA certificates to trust, instead of those of the system.'),
    serverName: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .meta({ description: 'The name in its certificate.', defaultText: '`host`' }),
    certificate: filePath
      .optional()
      .describe('PEM file: a client certificate, where the server wants one.'),
    key: filePath.optional().describe('PEM file: its private key.'),
    passphrase: secretSchema.optional().describe('Opens the private key.'),
  })
  .prefault({})
  .describe('TLS to the server.');
