import { types } from 'node:util';
import { GatewayError } from '../../errors/index.js';
import type { Copied, CopyOptions } from '../copy.types.js';
import { copiedTables, type CopiedTable, type RowSource } from '../sql/copied-tables.js';
import { invariants } from '../sql/invariants.js';
import type { SqlRow } from '../sql/row.js';
import { upsert, type Param } from '../sql/statement.js';
import { lockSchema, migrate } from './migration.js';
import { inspectServer } from './server.js';
import type { Session } from './session.js';

/** Inside a transaction, which makes it all or nothing. @throws GatewayError `store.*` */
export async function fillDatabase(
  session: Session,
  source: RowSource,
  { now, settings, progress }: CopyOptions,
): Promise<Copied> {
  await inspectServer(session);
  await session.script('SET LOCAL synchronous_commit = on');
  // Gateways that start meanwhile wait, and find everything.
  await lockSchema(session);
  await migrate(session, { now, whenEmpty: 'found' });
  await requireEmpty(session);
  const all = copiedTables.reduce((sum, table) => sum + source.count(table), 0);
  let over = 0;
  for (const table of copiedTables) {
    const columns = await columnsOf(session, table, source);
    for (const rows of source.parts(table)) {
      await insert(session, table, columns, rows);
      progress((over += rows.length), all);
    }
    if (table.key.includes('row')) await goOnCounting(session, table);
  }
  const copied = await verified(session, source);
  for (const [key, value] of Object.entries(settings)) {
    const { sql, params } = upsert('settings', 'key', { key, value });
    await session.run(sql, ...params);
  }
  // For the planner: it would take full tables for empty ones until the server looks by itself.
  await session.script('ANALYZE');
  return copied;
}

/** Locks the tables, too: a gateway that runs already must not write between the rows of the copy. */
async function requireEmpty(session: Session): Promise<void> {
  const tables = [...copiedTables.map(({ name }) => name), 'sealed_secrets'];
  await session.script(`LOCK TABLE ${tables.join(', ')} IN ACCESS EXCLUSIVE MODE`);
  const found: string[] = [];
  for (const table of tables) {
    const count = await countOf(session, table);
    if (count > 0) found.push(`${table} ${count}`);
  }
  if (found.length === 0) return;
  throw new GatewayError('store.schema', `The database is not empty: ${found.join(', ')}.`, {
    mend: 'Copy into a database of its own: look at data.store.database, or drop that database and make it anew.',
  });
}

interface Column {
  readonly name: string;
  /** In the file. */
  readonly from: string;
  readonly type: string;
}

/** @throws GatewayError `internal` where the databases do not have the same columns */
async function columnsOf(
  session: Session,
  table: CopiedTable,
  source: RowSource,
): Promise<readonly Column[]> {
  const rows = await session.all(
    `SELECT column_name::text AS name, data_type::text AS type FROM information_schema.columns
     WHERE table_schema = current_schema() AND table_name = ?`,
    table.name,
  );
  const columns = rows.map((row) => {
    const name = row.text('name');
    return { name, from: name === 'seq' ? 'row' : name, type: row.text('type') };
  });
  const here = columns.map(({ from }) => from).sort();
  const there = [...source.columns(table)].sort();
  if (here.join() === there.join()) return columns;
  throw new GatewayError('internal', `The table ${table.name} is another one in the database.`, {
    detail: `${here.join(', ')} and ${there.join(', ')}`,
  });
}

async function insert(
  session: Session,
  { name }: CopiedTable,
  columns: readonly Column[],
  rows: readonly SqlRow[],
): Promise<void> {
  await session.run(
    `INSERT INTO ${name} (${columns.map((column) => column.name).join(', ')})
     OVERRIDING SYSTEM VALUE
     SELECT * FROM unnest(${columns.map(({ type }) => `?::${type}[]`).join(', ')})`,
    ...columns.map(({ from, type }) => rows.map((row) => valueOf(row[from], type))),
  );
}

/** SQLite has numbers for true and false. */
function valueOf(value: unknown, type: string): Param {
  if (value === null) return undefined;
  if (type === 'boolean') return value === 1;
  if (typeof value === 'string' || typeof value === 'number' || types.isUint8Array(value))
    return value;
  throw new GatewayError('internal', 'The database holds a record that cannot be read.');
}

async function goOnCounting(session: Session, { name }: CopiedTable): Promise<void> {
  await session.all(
    `SELECT setval(pg_get_serial_sequence('${name}', 'seq'), max(seq)) FROM ${name} HAVING max(seq) IS NOT NULL`,
  );
}

/** Every row is there, and they belong together. @throws GatewayError `store.damaged` */
async function verified(session: Session, source: RowSource): Promise<Copied> {
  const copied: Record<string, number> = {};
  const faults: string[] = [];
  for (const table of copiedTables) {
    const count = await countOf(session, table.name);
    copied[table.name] = count;
    if (count !== source.count(table))
      faults.push(`${table.name}: ${count} of ${source.count(table)}`);
  }
  for (const { name, sql } of invariants('seq')) {
    const exceptions = (await session.one(sql)).integer('n');
    if (exceptions > 0) faults.push(`${name}: not so for ${exceptions}`);
  }
  if (faults.length === 0) return copied;
  throw new GatewayError('store.damaged', `The copy is not sound: ${faults.join('; ')}.`, {
    mend: 'Nothing was copied. Look at the file with: scep-gateway store verify.',
  });
}

async function countOf(session: Session, table: string): Promise<number> {
  return (await session.one(`SELECT count(*) AS n FROM ${table}`)).integer('n');
}
