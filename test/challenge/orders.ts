import type { ChallengeOrder, ChallengeUse } from '../../src/challenge/index.js';

/** A dynamic challenge as the admin page orders it. */
export function order(changes: Partial<ChallengeOrder> = {}): ChallengeOrder {
  return {
    account: 'mdm',
    quota: 100,
    binding: {},
    length: 8,
    validityMinutes: 60,
    maxUses: 1,
    ...changes,
  };
}

export function use(transaction: string, changes: Partial<ChallengeUse> = {}): ChallengeUse {
  return {
    profile: 'default',
    subject: 'CN=device-1,O=Example',
    san: ['dns:device-1.example.com'],
    keyId: 'ab'.repeat(32),
    address: '192.0.2.7',
    transaction,
    request: {
      transactionId: `transaction ${transaction}`,
      csr: Buffer.from('CSR'),
      commonName: 'device-1',
    },
    ...changes,
  };
}
