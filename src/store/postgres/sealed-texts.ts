import type { SealedTexts } from '../sealed-texts.js';
import type { PostgresDatabase } from './database.js';

/** Each method is one statement. */
export class PostgresSealedTexts implements SealedTexts {
  readonly #db: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#db = database;
  }

  async names(): Promise<readonly string[]> {
    const rows = await this.#db.session((session) =>
      session.all('SELECT name FROM sealed_secrets ORDER BY name'),
    );
    return rows.map((row) => row.text('name'));
  }

  async read(name: string): Promise<string | undefined> {
    const row = await this.#db.session((session) =>
      session.get('SELECT text FROM sealed_secrets WHERE name = ?', name),
    );
    return row?.text('text');
  }

  async create(name: string, text: string): Promise<'created' | 'exists'> {
    const created = await this.#db.session((session) =>
      session.run(
        'INSERT INTO sealed_secrets (name, text) VALUES (?, ?) ON CONFLICT (name) DO NOTHING',
        name,
        text,
      ),
    );
    return created > 0 ? 'created' : 'exists';
  }
}
