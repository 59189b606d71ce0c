import type { Session } from './session.js';

/**
 * Names the server and the tables: others after a dump was restored, another timeline after the server went
 * back in time or a standby took over.
 */
export async function placeOf(session: Session): Promise<string> {
  const tables = await session.one(
    `SELECT concat_ws('.', oid, 'settings'::regclass::oid) AS place FROM pg_database
     WHERE datname = current_database()`,
  );
  const known = [tables.text('place')];
  // Where an administrator took them away, or another server has none, the tables have to do.
  for (const [name, sql] of serverSays) {
    const { length } = await session.all(
      `SELECT 1 FROM to_regprocedure('${name}') AS known
       WHERE known IS NOT NULL AND has_function_privilege(known, 'execute')`,
    );
    if (length > 0) known.unshift((await session.one(sql)).text('place'));
  }
  return known.join('.');
}

const serverSays = [
  [
    'pg_walfile_name(pg_lsn)',
    'SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)::text AS place',
  ],
  ['pg_control_system()', 'SELECT system_identifier::text AS place FROM pg_control_system()'],
] as const;
