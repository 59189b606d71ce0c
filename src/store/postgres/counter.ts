import type { Session } from './session.js';

/** Adds one; the first call gives 1. Who counts in a transaction makes others wait until it ends. */
export async function nextCount(session: Session, name: string): Promise<number> {
  const row = await session.one(
    `INSERT INTO counters (name, value) VALUES (?, 1)
     ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value`,
    name,
  );
  return row.integer('value');
}

/** What the last `nextCount` gave; 0 before the first. */
export async function currentCount(session: Session, name: string): Promise<number> {
  const row = await session.get('SELECT value FROM counters WHERE name = ?', name);
  return row?.integer('value') ?? 0;
}
