import type { Database } from './database.js';

/** Adds one, inside a write; the first call gives 1. */
export function nextCount(db: Database, name: string): number {
  const sql = `INSERT INTO counters (name, value) VALUES (?, 1)
    ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value`;
  return db.one(sql, name).integer('value');
}

/** What the last `nextCount` gave; 0 before the first. */
export function currentCount(db: Database, name: string): number {
  return db.get('SELECT value FROM counters WHERE name = ?', name)?.integer('value') ?? 0;
}
