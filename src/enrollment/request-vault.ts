import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/**
 * A CSR carries its challengePassword, and a static one stays good after use: so what the store keeps
 * of a request is encrypted (AES-256-GCM) and compared by keyed hash, never as it came.
 */
export class RequestVault {
  readonly #encryption: Buffer;
  readonly #digest: Buffer;

  /** @param secret 32 octets that live as long as the store */
  constructor(secret: Buffer) {
    this.#encryption = derive(secret, 'csr encryption');
    this.#digest = derive(secret, 'request digest');
  }

  /** HMAC-SHA-256, hex: equal for equal CertificationRequestInfo. */
  digest(certificationRequestInfo: Buffer): string {
    return createHmac('sha256', this.#digest).update(certificationRequestInfo).digest('hex');
  }

  seal(csr: Buffer): Buffer {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#encryption, nonce);
    const sealed = Buffer.concat([cipher.update(csr), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  }

  open(sealed: Buffer): Buffer {
    const decipher = createDecipheriv('aes-256-gcm', this.#encryption, sealed.subarray(0, 12));
    decipher.setAuthTag(sealed.subarray(12, 28));
    return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]);
  }
}

function derive(secret: Buffer, label: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `scep-gateway ${label}`, 32));
}
