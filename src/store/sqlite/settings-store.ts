import type { AccountRecord, ApiTokenRecord, SettingsStore } from '../settings-store.js';
import { nextCount } from './counter.js';
import type { Database } from './database.js';
import type { Row } from './row.js';

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
      this.#db.run(
        `INSERT OR REPLACE INTO accounts (name, password_hash, roles, created_at)
         VALUES (?, ?, ?, ?)`,
        record.name,
        record.passwordHash,
        JSON.stringify(record.roles),
        record.createdAt,
      );
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
      this.#db.run(
        `INSERT INTO api_tokens (id, account, digest, created_at, expires_at, roles, profiles)
         VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET account = excluded.account,
           digest = excluded.digest, created_at = excluded.created_at,
           expires_at = excluded.expires_at, roles = excluded.roles, profiles = excluded.profiles`,
        record.id,
        record.account,
        record.digest,
        record.createdAt,
        record.expiresAt,
        record.roles && JSON.stringify(record.roles),
        record.profiles && JSON.stringify(record.profiles),
      );
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
    this.#db.run('INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)', key, value);
  }
}

function accountFromRow(row: Row): AccountRecord {
  return {
    name: row.text('name'),
    passwordHash: row.text('password_hash'),
    roles: row.texts('roles'),
    createdAt: row.date('created_at'),
  };
}

function tokenFromRow(row: Row): ApiTokenRecord {
  return {
    id: row.text('id'),
    account: row.text('account'),
    digest: row.text('digest'),
    createdAt: row.date('created_at'),
    expiresAt: row.dateOrNone('expires_at'),
    roles: row.textsOrNone('roles'),
    profiles: row.textsOrNone('profiles'),
  };
}
