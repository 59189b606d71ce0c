import { randomBytes } from 'node:crypto';
import { buildCertificate, keyUsage } from '../../x509/index.js';
import type { ScepSigner } from './scep-client.types.js';

export interface SelfSignedSignerOptions {
  readonly key: ScepSigner['key'];
  /** DER Name; RFC 8894 §2.3 wants the CSR's. */
  readonly subject: Buffer;
  readonly clock?: () => Date;
}

/** A signer for a first enrollment (RFC 8894 §2.3): it proves possession of a key, nothing else. */
export async function selfSignedSigner({
  key,
  subject,
  clock = () => new Date(),
}: SelfSignedSignerOptions): Promise<ScepSigner> {
  const now = clock().getTime();
  const certificate = await buildCertificate(
    {
      // First bit cleared: RFC 5280 §4.1.2.2 wants a positive number.
      serial: Buffer.concat([Buffer.from([1]), randomBytes(15)]),
      issuer: subject,
      subject,
      notBefore: new Date(now - day),
      notAfter: new Date(now + 30 * day),
      spki: key.publicKey.spki,
      extensions: [
        keyUsage(
          key.publicKey.kind === 'rsa'
            ? ['digitalSignature', 'keyEncipherment']
            : ['digitalSignature'],
        ),
      ],
    },
    { key, digest: 'sha256' },
  );
  return { certificate, key };
}

const day = 86_400_000;
