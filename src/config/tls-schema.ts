/** TLS of a listener, and where the certificate of a client comes from. */
import { z } from 'zod';
import { secretSchema } from './secret.js';

const filePath = z.string().min(1, 'the path of a file');

/** Names under `access.trustLists`; whether they are there is checked in certificate-checks.ts. */
export const trustNamesSchema = z.array(z.string().min(1).max(64)).min(1).max(16);

export const tlsSchema = z
  .strictObject({
    certificate: filePath.optional().describe('PEM file: the certificate, then its chain.'),
    key: filePath.optional().describe('PEM file: the private key (may be encrypted).'),
    pfx: filePath
      .optional()
      .describe('PKCS#12 file with certificate, chain and key, instead of the two.'),
    passphrase: secretSchema.optional().describe('Opens the PKCS#12 file or the encrypted key.'),
    minVersion: z
      .enum(['TLSv1.2', 'TLSv1.3'])
      .default('TLSv1.2')
      .describe('The oldest TLS version that is spoken.'),
    clientCertificates: z
      .enum(['none', 'request', 'require'])
      .default('none')
      .describe(
        'Whether the handshake asks for a certificate. `none`: right for SCEP, Windows breaks off when it is asked. `request`: routes and accounts decide. `require`: nothing is served without one that `trust` accepts.',
      ),
    trust: trustNamesSchema
      .optional()
      .describe(
        'Trust lists, one of which must accept the certificate of every connection (with `require`).',
      ),
    handshakeSeconds: z
      .int()
      .min(1)
      .max(120)
      .default(10)
      .describe('How long a TLS handshake may take.'),
  })
  .describe(
    'Makes it an HTTPS listener. Changed files are taken up within seconds; broken ones change nothing.',
  );

export const forwardedCertificateSchema = z
  .strictObject({
    form: z
      .enum([
        'client-cert',
        'base64-der',
        'escaped-pem',
        'envoy',
        'alb-leaf',
        'alb-passthrough',
        'traefik',
      ])
      .describe(
        'The one form that is read: `client-cert` (RFC 9440), `base64-der` (IIS ARR, App Service, HAProxy), `escaped-pem` (nginx), `envoy` (XFCC), `alb-leaf`, `alb-passthrough`, `traefik`. A certificate header of any other name is refused.',
      ),
    header: z
      .string()
      .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/, 'the name of a header')
      .optional()
      .meta({
        description: 'Its name, for `base64-der` and `escaped-pem`.',
        defaultText: '`X-ARR-ClientCert`, `X-SSL-Client-Cert`',
      }),
  })
  .describe(
    'The header in which `clientAddress.trustedProxies` forward the certificate of the client. From anybody else it is refused.',
  );
