/** The request id of a transaction that waits upstream: all that CertPoll needs, and no secret. */
export interface RequestReference {
  readonly transactionId: string;
  /** KeyId of the requested key. */
  readonly keyId: string;
  /** DER Name of the CSR. */
  readonly subject: Buffer;
}

export function writeRequestReference({ transactionId, keyId, subject }: RequestReference): string {
  return [transactionId, keyId, subject.toString('base64url')].join('.');
}

/** Undefined for a request id that is not ours. */
export function readRequestReference(text: string): RequestReference | undefined {
  const found = /^([0-9a-f]{1,128})\.([0-9a-f]{64})\.([A-Za-z0-9_-]*)$/.exec(text);
  if (!found) return undefined;
  const [, transactionId = '', keyId = '', subject = ''] = found;
  return { transactionId, keyId, subject: Buffer.from(subject, 'base64url') };
}
