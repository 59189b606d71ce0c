import type { AccountRecord, ApiTokenRecord, SettingsStore } from '../settings-store.js';
import { accountColumns, accountFromRow, tokenColumns, tokenFromRow } from '../sql/settings-row.js';
import { upsert, type Statement } from '../sql/statement.js';
import { nextCount } from './counter.js';
import type { PostgresDatabase } from './database.js';

const accounts = 'SELECT name, password_hash, roles, created_at FROM accounts';
const tokens =
  'SELECT id, account, digest, created_at, expires_at, roles, profiles FROM api_tokens';

/** Each method is one statement, and so atomic. */
export class PostgresSettingsStore implements SettingsStore {
  readonly #db: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#db = database;
  }

  async get(key: string): Promise<string | undefined> {
    const row = await this.#db.session((session) =>
      session.get('SELECT value FROM settings WHERE key = ?', key),
    );
    return row?.text('value');
  }

  async set(key: string, value: string): Promise<void> {
    await this.#run(upsert('settings', 'key', { key, value }));
  }

  async swap(key: string, expected: string | undefined, value: string): Promise<boolean> {
    const swapped = await this.#run(
      expected === undefined
        ? {
            sql: 'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING',
            params: [key, value],
          }
        : {
            sql: 'UPDATE settings SET value = ? WHERE key = ? AND value = ?',
            params: [value, key, expected],
          },
    );
    return swapped > 0;
  }

  next(counter: string): Promise<number> {
    return this.#db.session((session) => nextCount(session, `settings.${counter}`));
  }

  async account(name: string): Promise<AccountRecord | undefined> {
    const row = await this.#db.session((session) =>
      session.get(`${accounts} WHERE name = ?`, name),
    );
    return row && accountFromRow(row);
  }

  async putAccount(record: AccountRecord): Promise<void> {
    await this.#run(upsert('accounts', 'name', accountColumns(record)));
  }

  async accounts(): Promise<readonly AccountRecord[]> {
    const rows = await this.#db.session((session) => session.all(`${accounts} ORDER BY name`));
    return rows.map(accountFromRow);
  }

  async tokenByDigest(digest: string): Promise<ApiTokenRecord | undefined> {
    const row = await this.#db.session((session) =>
      session.get(`${tokens} WHERE digest = ?`, digest),
    );
    return row && tokenFromRow(row);
  }

  async putToken(record: ApiTokenRecord): Promise<void> {
    await this.#run(upsert('api_tokens', 'id', tokenColumns(record)));
  }

  async tokens(): Promise<readonly ApiTokenRecord[]> {
    const rows = await this.#db.session((session) =>
      session.all(`${tokens} ORDER BY created_at, id`),
    );
    return rows.map(tokenFromRow);
  }

  async removeToken(id: string): Promise<boolean> {
    return (await this.#run({ sql: 'DELETE FROM api_tokens WHERE id = ?', params: [id] })) > 0;
  }

  #run({ sql, params }: Statement): Promise<number> {
    return this.#db.session((session) => session.run(sql, ...params));
  }
}
