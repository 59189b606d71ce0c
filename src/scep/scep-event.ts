import type { DigestAlgorithm, ContentCipher } from '../pkcs7/index.js';
import type { ErrorCode } from '../errors/index.js';
import type { FailInfo } from './failure.js';

/** One PKIOperation for the log: who asked for what, and what was answered. Holds no secret. */
export interface ScepEvent {
  readonly profile: string;
  readonly correlationId: string;
  readonly clientAddress: string;
  readonly transactionId: string;
  /** Undefined when it is one the gateway does not know. */
  readonly digest: DigestAlgorithm | undefined;
  /** Undefined when the message failed before its envelope was read. */
  readonly cipher: ContentCipher | undefined;
  readonly messageType: string | undefined;
  /** Subject of the certificate that signed the request, as it says itself. */
  readonly signer: string | undefined;
  /** `error`: left by HTTP. */
  readonly outcome: 'success' | 'pending' | 'failure' | 'unavailable' | 'error';
  readonly failInfo: FailInfo | undefined;
  /** Why, for administrators; the device was told less. */
  readonly code: ErrorCode | undefined;
  readonly reason: string | undefined;
}
