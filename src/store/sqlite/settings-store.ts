import type { AccountRecord, ApiTokenRecord, SettingsStore } from '../settings-store.js';
import { accountColumns, accountFromRow, tokenColumns, tokenFromRow } from '../sql/settings-row.js';
import { upsert } from '../sql/statement.js';
import { nextCount } from './counter.js';
import type { Database } from './database.js';

export class SqliteSettingsStore implements SettingsStore {
  readonly #db: Database;

  constructor(database: Database) {
    this.#db = database;
  }

  get(key: string): Promise<string | undefined> {
    return this.#db.read(() => this.#value(key));
  }

  set(key: string, value: string): Promise<void> {
    return this.#db.write(() => this.#put(key, value));
  }

  swap(key: string, expected: string | undefined, value: string): Promise<boolean> {
    return this.#db.write(() => {
      if (this.#value(key) !== expected) return false;
      this.#put(key, value);
      return true;
    });
  }

  next(counter: string): Promise<number> {
    return this.#db.write(() => nextCount(this.#db, `settings.${counter}`));
  }

  account(name: string): Promise<AccountRecord | undefined> {
    return this.#db.read(() => {
      const row = this.#db.get('SELECT * FROM accounts WHERE name = ?', name);
      return row && accountFromRow(row);
    });
  }

  putAccount(record: AccountRecord): Promise<void> {
    return this.#db.write(() => {
      const { sql, params } = upsert('accounts', 'name', accountColumns(record));
      this.#db.run(sql, ...params);
    });
  }

  accounts(): Promise<readonly AccountRecord[]> {
    return this.#db.read(() =>
      this.#db.all('SELECT * FROM accounts ORDER BY name').map(accountFromRow),
    );
  }

  tokenByDigest(digest: string): Promise<ApiTokenRecord | undefined> {
    return this.#db.read(() => {
      const row = this.#db.get('SELECT * FROM api_tokens WHERE digest = ?', digest);
      return row && tokenFromRow(row);
    });
  }

  putToken(record: ApiTokenRecord): Promise<void> {
    return this.#db.write(() => {
      const { sql, params } = upsert('api_tokens', 'id', tokenColumns(record));
      this.#db.run(sql, ...params);
    });
  }

  tokens(): Promise<readonly ApiTokenRecord[]> {
    return this.#db.read(() =>
      this.#db.all('SELECT * FROM api_tokens ORDER BY created_at, id').map(tokenFromRow),
    );
  }

  removeToken(id: string): Promise<boolean> {
    return this.#db.write(() => this.#db.run('DELETE FROM api_tokens WHERE id = ?', id) > 0);
  }

  #value(key: string): string | undefined {
    return this.#db.get('SELECT value FROM settings WHERE key = ?', key)?.text('value');
  }

  #put(key: string, value: string): void {
    const { sql, params } = upsert('settings', 'key', { key, value });
    this.#db.run(sql, ...params);
  }
}
