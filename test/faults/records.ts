/** What a gateway has recorded, looked at from outside. */
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { openSqliteStores, type Stores } from '../../src/store/index.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import type { Enrollment } from './fleet.js';

export async function withStores<T>(
  { dataDirectory }: Pick<GatewayProcess, 'dataDirectory'>,
  work: (stores: Stores) => Promise<T>,
): Promise<T> {
  const stores = await openSqliteStores(join(dataDirectory, 'gateway.db'));
  try {
    return await work(stores);
  } finally {
    await stores.close();
  }
}

/** One certificate and one record of it for each transaction, one use of each challenge. */
export async function expectOneEach(
  gateway: Pick<GatewayProcess, 'dataDirectory'>,
  all: readonly Enrollment[],
): Promise<void> {
  await withStores(gateway, (stores) => expectRecords(stores, all));
}

async function expectRecords(stores: Stores, all: readonly Enrollment[]): Promise<void> {
  const now = new Date();
  const serials = new Set<string>();
  for (const { transactionId, certificate } of all) {
    const found = await stores.enrollments.certificates({ text: transactionId }, now);
    const own = found.filter((record) => record.transactionId === transactionId);
    expect([transactionId, own.map(({ der }) => der)]).toEqual([transactionId, [certificate]]);
    serials.add(own[0]!.serial);
    const trail = await stores.enrollments.audit({ transactionId });
    const issued = trail.filter(({ event }) => event === 'enrollment.issued');
    expect(issued.map(({ code }) => code)).toEqual([own[0]!.thumbprint]);
  }
  expect(serials.size).toBe(all.length);
  const challenges = await stores.challenges.list({ limit: 10_000 }, now);
  const used = challenges.filter(({ uses }) => uses > 0);
  expect(used.every(({ uses }) => uses === 1)).toBe(true);
  expect(used.length).toBeGreaterThanOrEqual(all.length);
}
