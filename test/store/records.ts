import type {
  AuditRecord,
  CertificateRecord,
  ChallengeDigest,
  ChallengeId,
  ChallengeRecord,
  TransactionRecord,
  TransactionRowId,
} from '../../src/store/index.js';

export const noon = new Date('2026-06-01T12:00:00Z');

/** `noon` and so many minutes. */
export function at(minutes: number): Date {
  return new Date(noon.getTime() + minutes * 60_000);
}

/** A single-use challenge of account `mdm`, open from noon for an hour. */
export function challenge(id: string, changes: Partial<ChallengeRecord> = {}): ChallengeRecord {
  return {
    id: id as ChallengeId,
    digest: `digest-of-${id}` as ChallengeDigest,
    account: 'mdm',
    binding: {},
    createdAt: noon,
    expiresAt: at(60),
    maxUses: 1,
    uses: 0,
    revokedAt: undefined,
    ...changes,
  };
}

export function transaction(
  id: string,
  changes: Partial<TransactionRecord> = {},
): TransactionRecord {
  return {
    id: id as TransactionRowId,
    key: { profile: 'default', transactionId: `aa${id}`, purpose: 'new' },
    csrKey: 'c'.repeat(64),
    signerKey: 'd'.repeat(64),
    requestDigest: 'e'.repeat(64),
    csr: Buffer.from([0x30, 0x00, 0xff]),
    ground: '{"kind":"challenge"}',
    challengeId: undefined,
    subject: 'CN=device-1',
    clientAddress: '192.0.2.7',
    state: { kind: 'authorized' },
    createdAt: noon,
    updatedAt: noon,
    ...changes,
  };
}

/** Valid for a day from noon; `n` tells thumbprint, serial and key. */
export function certificate(
  n: number,
  changes: Partial<CertificateRecord> = {},
): CertificateRecord {
  const hex = n.toString(16);
  return {
    thumbprint: hex.toUpperCase().padStart(64, 'A'),
    serial: hex.padStart(32, '7'),
    issuerDigest: 'b'.repeat(64),
    subject: `CN=device-${n},O=Example`,
    sanText: `dns:device-${n}.example.com`,
    keyId: hex.padStart(64, 'c'),
    profile: 'default',
    issuer: 'local',
    transactionId: `TX-${n}`,
    notBefore: noon,
    notAfter: at(24 * 60),
    der: Buffer.from([0x30, 0x82, n & 0xff, 0x00]),
    issuedAt: noon,
    revokedAt: undefined,
    revocationReason: undefined,
    ...changes,
  };
}

export function audit(event: string, changes: Partial<AuditRecord> = {}): AuditRecord {
  return {
    at: noon,
    event,
    correlationId: 'K7Q2',
    profile: 'default',
    transactionId: undefined,
    challengeId: undefined,
    subject: undefined,
    keyId: undefined,
    clientAddress: undefined,
    actor: undefined,
    outcome: 'ok',
    code: undefined,
    reason: undefined,
    ...changes,
  };
}
