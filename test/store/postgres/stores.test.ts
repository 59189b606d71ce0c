import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createMemoryChallengeStore,
  openPostgresStores,
  type Stores,
} from '../../../src/store/index.js';
import {
  describeWithPostgres,
  emptyStores,
  startPostgres,
  type PostgresServer,
} from '../../support/postgres.js';
import { challengeStoreContract } from '../challenge-store.contract.js';
import { challengeSteps } from '../challenge-steps.js';
import { enrollmentStoreContract } from '../enrollment-store.contract.js';
import { noon } from '../records.js';
import { retentionStoreContract } from '../retention-store.contract.js';
import { settingsStoreContract } from '../settings-store.contract.js';

describeWithPostgres('the stores in PostgreSQL', () => {
  let server: PostgresServer;
  let database: string;
  let stores: Stores;

  beforeAll(async () => {
    server = await startPostgres();
    database = await server.createDatabase();
    stores = await openPostgresStores(server.connection(database));
  });
  afterAll(async () => {
    await stores.close();
    await server.remove();
  });

  const close = () => emptyStores(server, database);

  challengeStoreContract('PostgreSQL', () => Promise.resolve({ store: stores.challenges, close }));
  enrollmentStoreContract('PostgreSQL', () =>
    Promise.resolve({ store: stores.enrollments, close }),
  );
  retentionStoreContract('PostgreSQL', () => Promise.resolve({ stores, close }));
  settingsStoreContract('PostgreSQL', () => Promise.resolve({ store: stores.settings, close }));

  test('PostgreSQL and memory answer every sequence of calls alike', async () => {
    await fc.assert(
      fc.asyncProperty(challengeSteps, async (steps) => {
        const { challenges } = stores;
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
