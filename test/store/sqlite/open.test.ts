import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openSqliteStores } from '../../../src/store/index.js';
import { openSqliteDriver } from '../../../src/store/sqlite/driver.js';
import { schemaSteps } from '../../../src/store/sqlite/schema.js';
import { at, audit, certificate, challenge, noon, transaction } from '../records.js';

const directory = mkdtempSync(join(tmpdir(), 'open-'));
let files = 0;
let path: string;

beforeEach(() => {
  path = join(directory, `${++files}`, 'data', 'gateway.db');
});
afterAll(() => rmSync(directory, { recursive: true }));

async function raw(sql: string): Promise<void> {
  const driver = await openSqliteDriver(path);
  try {
    driver.exec(sql);
  } finally {
    driver.close();
  }
}

const modeOf = (file: string) => (statSync(file).mode & 0o777).toString(8);

describe('openSqliteStores', () => {
  test('makes a private file in a private directory', async () => {
    const stores = await openSqliteStores(path);
    await stores.settings.set('k', 'v');
    expect(modeOf(path)).toBe('600');
    expect(modeOf(`${path}-wal`)).toBe('600');
    expect(modeOf(`${path}-shm`)).toBe('600');
    expect(modeOf(join(path, '..'))).toBe('700');
    await stores.close();
  });

  test('takes an open file back to 0600', async () => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, '', { mode: 0o644 });
    const stores = await openSqliteStores(path);
    expect(modeOf(path)).toBe('600');
    await stores.close();
  });

  test('what was resolved is there after the next opening', async () => {
    const first = await openSqliteStores(path);
    await Promise.all([
      first.challenges.add(challenge('a'), 1),
      first.challenges.reserve(challenge('a').id, 't', noon),
      first.enrollments.open(transaction('1'), audit('opened')),
      first.enrollments.addCertificate(certificate(1)),
      first.settings.set('k', 'v'),
      first.settings.next('crl'),
    ]);
    await first.close();

    const second = await openSqliteStores(path);
    expect(await second.challenges.find(challenge('a').id)).toEqual(challenge('a', { uses: 1 }));
    expect(await second.challenges.isHeld(challenge('a').id, 't')).toBe(true);
    expect(await second.enrollments.transaction(transaction('1').id)).toEqual(transaction('1'));
    expect(await second.enrollments.certificates({}, noon)).toEqual([certificate(1)]);
    expect(await second.enrollments.audit({})).toEqual([audit('opened')]);
    expect(await second.settings.get('k')).toBe('v');
    expect(await second.settings.next('crl')).toBe(2);
    await second.close();
  });

  test('close waits for writes under way; later ones are refused', async () => {
    const stores = await openSqliteStores(path);
    const writing = stores.settings.set('k', 'v');
    await stores.close();
    await stores.close();
    await writing;
    await expect(stores.settings.set('k', 'w')).rejects.toMatchObject({
      code: 'store.unavailable',
    });
    await expect(stores.settings.get('k')).rejects.toMatchObject({ code: 'store.unavailable' });
    const again = await openSqliteStores(path);
    expect(await again.settings.get('k')).toBe('v');
    await again.close();
  });

  test('two handles on one file see and respect each other', async () => {
    const [server, cli] = await Promise.all([openSqliteStores(path), openSqliteStores(path)]);
    await server.challenges.add(challenge('a'), 5);
    expect(await cli.challenges.revoke(challenge('a').id, noon)).toBe(true);
    expect(await server.challenges.reserve(challenge('a').id, 't', noon)).toEqual({
      kind: 'refused',
      reason: 'revoked',
    });
    const counts = await Promise.all(
      Array.from({ length: 40 }, (_, n) => (n % 2 ? server : cli).settings.next('crl')),
    );
    expect(new Set(counts).size).toBe(40);
    await server.challenges.add(challenge('b'), 5);
    const reserved = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        (n % 2 ? server : cli).challenges.reserve(challenge('b').id, `t${n}`, noon),
      ),
    );
    expect(reserved.filter((outcome) => outcome.kind === 'reserved')).toHaveLength(1);
    await cli.close();
    expect(await server.settings.next('crl')).toBe(41);
    await server.close();
  });

  test('the audit trail can only grow', async () => {
    const stores = await openSqliteStores(path);
    await stores.enrollments.appendAudit(audit('one'));
    for (const sql of [
      "UPDATE audit SET reason = 'x'",
      'DELETE FROM audit',
      "INSERT OR REPLACE INTO audit (row, at, event, correlation_id, outcome) VALUES (1, 0, 'x', 'x', 'ok')",
    ])
      await expect(raw(sql)).rejects.toThrow('the audit trail is append-only');
    expect(await stores.enrollments.audit({})).toEqual([audit('one')]);
    await stores.close();
  });
});

describe('migration', () => {
  test('writes down what it did, once', async () => {
    for (const minutes of [0, 5])
      await (await openSqliteStores(path, { clock: () => at(minutes) })).close();
    const driver = await openSqliteDriver(path);
    const versions = driver.prepare('SELECT version, applied_at FROM schema_versions').all();
    driver.close();
    expect(versions.map((row) => ({ ...row }))).toEqual(
      schemaSteps.map((_, index) => ({ version: index + 1, applied_at: noon.getTime() })),
    );
  });

  test('gives what is reserved already the time of the last use of its challenge', async () => {
    const first = await openSqliteStores(path);
    await first.challenges.add(challenge('a', { maxUses: 2 }), 1);
    await first.challenges.reserve(challenge('a').id, 'old', noon);
    await first.challenges.reserve(challenge('a').id, 'new', at(5));
    await first.close();
    await raw(`ALTER TABLE transaction_holds DROP COLUMN touched_at;
      DELETE FROM schema_versions WHERE version = 6`);
    const second = await openSqliteStores(path);
    const idle = [];
    for await (const part of second.challenges.idleReservations(at(6))) idle.push(...part);
    expect(idle.map(({ touchedAt }) => touchedAt)).toEqual([at(5), at(5)]);
    await second.close();
  });

  test('refuses a newer schema and leaves it alone', async () => {
    await (await openSqliteStores(path)).close();
    await raw('INSERT INTO schema_versions VALUES (99, 0)');
    const refused = openSqliteStores(path);
    await expect(refused).rejects.toMatchObject({
      code: 'store.schema',
      message: `The database has schema version 99; this release knows versions up to ${schemaSteps.length}.`,
      mend: 'Run the newer scep-gateway that wrote it, or restore the backup made before the upgrade.',
    });
    await raw('DELETE FROM schema_versions WHERE version = 99');
    await (await openSqliteStores(path)).close();
  });

  test("refuses another program's database", async () => {
    mkdirSync(join(path, '..'), { recursive: true });
    await raw('CREATE TABLE theirs (x)');
    await expect(openSqliteStores(path)).rejects.toMatchObject({
      code: 'store.schema',
      message: 'The database was not made by scep-gateway.',
    });
  });

  test('refuses a file that is no database', async () => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, 'listen: 0.0.0.0:8080\n'.repeat(200));
    await expect(openSqliteStores(path)).rejects.toMatchObject({
      code: 'store.schema',
      message: 'The file is not an SQLite database.',
    });
  });

  test('says when there is no place for the file', async () => {
    writeFileSync(join(directory, 'in-the-way'), '');
    await expect(
      openSqliteStores(join(directory, 'in-the-way', 'gateway.db')),
    ).rejects.toMatchObject({ code: 'store.unavailable' });
  });
});
