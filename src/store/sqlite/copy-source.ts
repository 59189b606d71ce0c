import { GatewayError } from '../../errors/index.js';
import { copiedTables, type CopiedTable, type RowSource } from '../sql/copied-tables.js';
import { Row, type SqlRow } from '../sql/row.js';
import { openSqliteDriver, rollBack, type SqliteDriver, type SqlValue } from './driver.js';
import { requireKnownSchema } from './migration.js';
import { sqliteError } from './sqlite-error.js';
import { requireUnused } from './unused.js';

/** Rows in memory at once; one may be as large as a message. */
const PART = 200;

/** A database file that nobody else can use until it is closed. */
export interface SqliteSource extends RowSource {
  readonly close: () => void;
}

/** @throws GatewayError `store.unavailable` while somebody has it open, `store.schema` for that of another release */
export async function openSqliteSource(path: string): Promise<SqliteSource> {
  await requireUnused(path);
  const driver = await openSqliteDriver(path);
  try {
    // Who starts meanwhile finds it locked.
    driver.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
    requireKnownSchema(driver);
    requireNoOtherTables(driver);
  } catch (error) {
    driver.close();
    throw sqliteError(error);
  }
  return {
    count: ({ name }) =>
      guarded(() =>
        new Row(driver.prepare(`SELECT count(*) AS n FROM ${name}`).get() ?? {}).integer('n'),
      ),
    columns: ({ name }) =>
      guarded(() =>
        driver
          .prepare(`SELECT name FROM pragma_table_info('${name}')`)
          .all()
          .map((columns) => new Row(columns).text('name')),
      ),
    parts: (table) => parts(driver, table),
    close: () => {
      // Statements that were not collected yet would keep the closed connection, and its lock.
      rollBack(driver);
      driver.close();
    },
  };
}

function* parts(driver: SqliteDriver, { name, key }: CopiedTable): Generator<readonly SqlRow[]> {
  const columns = key.join(', ');
  const ordered = `ORDER BY ${columns} LIMIT ${PART}`;
  const first = driver.prepare(`SELECT * FROM ${name} ${ordered}`);
  const following = driver.prepare(
    `SELECT * FROM ${name} WHERE (${columns}) > (${key.map(() => '?').join(', ')}) ${ordered}`,
  );
  let rows = guarded(() => first.all());
  while (rows.length > 0) {
    yield rows;
    const last = rows.at(-1) ?? {};
    rows = guarded(() => following.all(...key.map((column) => last[column] as SqlValue)));
  }
}

/** A table that a later step added and nobody named would be left behind without a word. */
function requireNoOtherTables(driver: SqliteDriver): void {
  const known = new Set([...copiedTables.map(({ name }) => name), 'schema_versions']);
  const others = driver
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all()
    .map((columns) => new Row(columns).text('name'))
    .filter((name) => !known.has(name));
  if (others.length > 0)
    throw new GatewayError('internal', 'The database has tables that are not copied.', {
      detail: others.join(', '),
    });
}

function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw sqliteError(error);
  }
}
