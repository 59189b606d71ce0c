import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openSqliteStores } from '../../src/store/index.js';
import { createMemoryChallengeStore } from '../../src/store/memory/index.js';
import { challengeStoreContract, type OpenedStore } from './challenge-store.contract.js';
import { challengeSteps } from './challenge-steps.js';
import { noon } from './records.js';

const directory = mkdtempSync(join(tmpdir(), 'challenge-store-'));
let files = 0;

afterAll(() => rmSync(directory, { recursive: true }));

async function sqlite(): Promise<OpenedStore> {
  const stores = await openSqliteStores(join(directory, `${++files}.db`));
  return { store: stores.challenges, close: () => stores.close() };
}

function memory(): Promise<OpenedStore> {
  const store = createMemoryChallengeStore({ maxKeys: 10_000 });
  return Promise.resolve({ store, close: () => Promise.resolve() });
}

challengeStoreContract('SQLite', sqlite);
challengeStoreContract('memory', memory);

test('only SQLite says it is durable', async () => {
  const opened = await sqlite();
  expect(opened.store.durable).toBe(true);
  expect((await memory()).store.durable).toBe(false);
  await opened.close();
});

test('both stores answer every sequence of calls alike', async () => {
  await fc.assert(
    fc.asyncProperty(challengeSteps, async (steps) => {
      const [one, other] = await Promise.all([sqlite(), memory()]);
      try {
        for (const run of steps) expect(await run(other.store)).toEqual(await run(one.store));
        expect(await other.store.list({}, noon)).toEqual(await one.store.list({}, noon));
      } finally {
        await one.close();
      }
    }),
    { numRuns: 60 },
  );
});
