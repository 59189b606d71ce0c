import { countedTables, invariants } from '../sql/invariants.js';
import { countedCheck, type Verification, type VerifiedCheck } from '../verification.js';
import { requireKnownSchema } from './migration.js';
import { schemaSteps } from './schema.js';
import { inspectServer, type PostgresServer } from './server.js';
import type { Session } from './session.js';

/** Inside one transaction of one moment; reads only. */
export async function verifyDatabase(session: Session): Promise<Verification> {
  const server = await inspectServer(session);
  await requireKnownSchema(session);
  const records: Record<string, number> = {};
  for (const table of countedTables)
    records[table] = (await session.one(`SELECT count(*) AS n FROM ${table}`)).integer('n');
  const checks = [durability(server)];
  for (const { name, sql } of [...invariants('seq'), quotas])
    checks.push(countedCheck(name, (await session.one(sql)).integer('n')));
  return { engine: `PostgreSQL ${server.version}`, schema: schemaSteps.length, records, checks };
}

/** synchronous_commit is no matter: the stores ask for it themselves. */
function durability({ writesReachDisk }: PostgresServer): VerifiedCheck {
  return {
    name: 'the server waits for its disk',
    fault: writesReachDisk ? undefined : 'fsync is off: a power cut may lose or damage everything',
  };
}

const quotas = {
  name: 'quotas are what the challenges say',
  sql: `SELECT count(*) AS n FROM challenge_quotas AS held WHERE open + coalesce(
      (SELECT sum(change) FROM challenge_quota_changes WHERE account = held.account), 0)
    <> (SELECT count(*) FROM challenges WHERE counted AND account = held.account)`,
};
