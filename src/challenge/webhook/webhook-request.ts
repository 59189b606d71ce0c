import { createHmac } from 'node:crypto';
import { GatewayError } from '../../errors/index.js';
import type { ChallengeUse } from '../challenge-service.types.js';

/** How a validator is spoken to. */
export interface WebhookFormat {
  /** @param now stands in the signed part, so that the validator can refuse an old request */
  request(password: string, use: ChallengeUse, now: Date): SignedRequest;
}

interface SignedRequest {
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. A secret: it holds the challenge. */
  readonly body: string;
}

/** HMAC-SHA-256 over `<seconds>.<body>`, with the UTF-8 octets of the secret as the key. */
export function gatewayFormat(secret: string, keyId: string): WebhookFormat {
  return {
    request(challenge, use, now) {
      const { profile, subject, san, keyId: key, address, transaction, request } = use;
      const body = JSON.stringify({
        version: 1,
        timestamp: now.toISOString(),
        requestId: transaction,
        profile,
        transactionId: request.transactionId,
        subject,
        san,
        keyId: key,
        clientAddress: address,
        challenge,
      });
      const seconds = String(Math.floor(now.getTime() / 1000));
      return {
        body,
        headers: {
          'X-Scep-Gateway-Key-Id': keyId,
          'X-Scep-Gateway-Timestamp': seconds,
          'X-Scep-Gateway-Signature': `sha256=${hmac(secret, `${seconds}.${body}`)}`,
        },
      };
    },
  };
}

/**
 * What servers for the SCEPCHALLENGE webhook of smallstep's step-ca understand: the secret is base64, the
 * signature is over the body alone, and the time stands in the body.
 * @throws GatewayError `config.invalid` for a secret that is no base64
 */
export function stepCaFormat(secret: string, keyId: string): WebhookFormat {
  const key = Buffer.from(secret, 'base64');
  if (key.length < 16 || !/^[A-Za-z0-9+/]+={0,2}$/.test(secret.trim())) {
    throw new GatewayError('config.invalid', 'The secret of a step-ca webhook is base64.', {
      mend: 'Use the secret as `step ca provisioner webhook add` shows it.',
    });
  }
  return {
    request(scepChallenge, { profile, request }, now) {
      const body = JSON.stringify({
        timestamp: now.toISOString(),
        provisionerName: profile,
        x509CertificateRequest: {
          subject: { commonName: request.commonName },
          raw: request.csr.toString('base64'),
        },
        scepChallenge,
        scepTransactionID: request.transactionId,
      });
      return {
        body,
        headers: { 'X-Smallstep-Signature': hmac(key, body), 'X-Smallstep-Webhook-ID': keyId },
      };
    },
  };
}

function hmac(key: string | Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
}
