import { createHash } from 'node:crypto';
import type { TransactionKey, TransactionRecord, TransactionRowId } from '../store/index.js';
import type { KeyId } from '../x509/index.js';
import type { EnrollmentRequest } from './enrollment.types.js';
import type { RequestVault } from './request-vault.js';

/** What makes a request the same request, whatever envelope and nonce it came in. */
export interface Transaction {
  readonly key: TransactionKey;
  readonly csrKey: KeyId;
  readonly signerKey: KeyId;
  /** Of CertificationRequestInfo, not of the CSR: ECDSA and PSS sign the same request differently each time. */
  readonly requestDigest: string;
}

/**
 * A renewal of certificate X is a transaction of its own: clients that derive the transactionID from
 * the key use one for the first enrollment and for every renewal with that key (scepclient, sscep).
 */
export function identify(
  request: EnrollmentRequest,
  renews: string | undefined,
  vault: RequestVault,
): Transaction {
  return {
    key: {
      profile: request.profile,
      transactionId: request.transactionId.toString('hex'),
      purpose: renews === undefined ? 'new' : `renew:${renews}`,
    },
    csrKey: request.csr.publicKey.id,
    signerKey: request.signer.publicKey.id,
    requestDigest: vault.digest(request.csr.info),
  };
}

/** Thumbprint of the certificate that the transaction renews. */
export function renewedThumbprint({ key }: Pick<Transaction, 'key'>): string | undefined {
  const [kind, thumbprint] = key.purpose.split(':');
  return kind === 'renew' ? thumbprint : undefined;
}

/**
 * Row id, the same again after a crash so that a reserved challenge finds its holder; a transaction
 * that replaces a finished one gets another.
 */
export function rowId(
  transaction: Transaction,
  replaces: TransactionRowId | undefined,
): TransactionRowId {
  const { key, csrKey, signerKey } = transaction;
  const parts = [key.profile, key.transactionId, key.purpose, csrKey, signerKey, replaces ?? ''];
  return createHash('sha256')
    .update(JSON.stringify(parts))
    .digest('hex')
    .slice(0, 40) as TransactionRowId;
}

type Keyed = Pick<TransactionRecord, 'key' | 'csrKey' | 'signerKey'>;

export function hasSameKeys(transaction: Keyed, record: Keyed): boolean {
  return record.csrKey === transaction.csrKey && record.signerKey === transaction.signerKey;
}

/**
 * What takes turns: one transaction of one device. A stranger who knows the transactionID does not wait
 * in the same line, nor lets anybody wait.
 */
export function turnOf({ key, csrKey, signerKey }: Keyed): string {
  return JSON.stringify([key.profile, key.transactionId, key.purpose, csrKey, signerKey]);
}

/** A finished transaction answers for a while, an unfinished one until it is finished. */
export function isLive(record: TransactionRecord, replayMillis: number, now: Date): boolean {
  const finished = record.state.kind === 'issued' || record.state.kind === 'rejected';
  return !finished || now.getTime() - record.updatedAt.getTime() < replayMillis;
}

/** transactionID as people see it: text where it is printable, else hex. */
export function transactionText(transactionId: Buffer): string {
  const text = transactionId.toString('latin1');
  return /^[\x20-\x7e]+$/.test(text) ? text : transactionId.toString('hex');
}
