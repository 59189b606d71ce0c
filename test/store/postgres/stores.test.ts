import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createMemoryChallengeStore } from '../../../src/store/memory/index.js';
import { describeWithPostgres, storesOfSuite } from '../../support/postgres.js';
import { challengeStoreContract } from '../challenge-store.contract.js';
import { challengeSteps } from '../challenge-steps.js';
import { enrollmentStoreContract } from '../enrollment-store.contract.js';
import { noon } from '../records.js';
import { retentionStoreContract } from '../retention-store.contract.js';
import { settingsStoreContract } from '../settings-store.contract.js';

describeWithPostgres('the stores in PostgreSQL', () => {
  const suite = storesOfSuite();
  const close = suite.empty;

  challengeStoreContract('PostgreSQL', () =>
    Promise.resolve({ store: suite.stores.challenges, close }),
  );
  enrollmentStoreContract('PostgreSQL', () =>
    Promise.resolve({ store: suite.stores.enrollments, close }),
  );
  retentionStoreContract('PostgreSQL', () => Promise.resolve({ stores: suite.stores, close }));
  settingsStoreContract('PostgreSQL', () =>
    Promise.resolve({ store: suite.stores.settings, close }),
  );

  test('PostgreSQL and memory answer every sequence of calls alike', async () => {
    await fc.assert(
      fc.asyncProperty(challengeSteps, async (steps) => {
        const { challenges } = suite.stores;
        const memory = createMemoryChallengeStore({ maxKeys: 10_000 });
        try {
          for (const run of steps) expect(await run(challenges)).toEqual(await run(memory));
          expect(await challenges.list({}, noon)).toEqual(await memory.list({}, noon));
        } finally {
          await close();
        }
      }),
      { numRuns: 30 },
    );
  }, 120_000);
});
