import { setImmediate } from 'node:timers/promises';
import type { Row } from '../sql/row.js';
import type { Where } from '../sql/where.js';
import type { Database } from './database.js';

/** Rows looked at before the event loop gets its turn: some ten milliseconds of a text search. */
const WINDOW = 10_000;

/** What to read: a SELECT without WHERE, over a table with an integer primary key `row`. */
export interface Source {
  readonly select: string;
  readonly table: 'certificates' | 'audit';
}

/**
 * The last `limit` rows that fit, newest first. Walks the table in windows, so that a search through a
 * million rows never holds up the enrollments beside it.
 */
export async function newestFirst(
  db: Database,
  source: Source,
  where: Where,
  limit: number,
): Promise<Row[]> {
  const found: Row[] = [];
  let upper = db.one(`SELECT coalesce(max(row), 0) AS last FROM ${source.table}`).integer('last');
  while (upper > 0 && found.length < limit) {
    const window = where.with('row BETWEEN ? AND ?', upper - WINDOW + 1, upper);
    found.push(
      ...db.all(
        `${source.select} ${window.sql} ORDER BY row DESC LIMIT ?`,
        ...window.params,
        limit - found.length,
      ),
    );
    upper -= WINDOW;
    if (upper > 0 && found.length < limit) await setImmediate();
  }
  return found;
}
