import { GatewayError } from '../../errors/index.js';
import type { Session } from './session.js';

/** Of PostgreSQL, as server_version_num has it: the oldest with everything the statements use, 12. */
const OLDEST_VERSION = 120_000;

export interface PostgresServer {
  /** As the server calls itself: `15.18 (Debian …)`. */
  readonly version: string;
  /** synchronous_commit as it is: what a commit waits for. */
  readonly synchronousCommit: string;
  /** fsync: without it even a commit that waited may be lost with the power. */
  readonly writesReachDisk: boolean;
}

/** @throws GatewayError `store.schema` for a server or a database that cannot hold the stores */
export async function inspectServer(session: Session): Promise<PostgresServer> {
  const row = await session.one(
    `SELECT current_setting('server_version') AS version,
       current_setting('server_version_num')::bigint AS number,
       current_setting('server_encoding') AS encoding,
       current_setting('synchronous_commit') AS commit,
       current_setting('fsync') = 'on' AS fsync`,
  );
  const version = row.text('version');
  if (row.integer('number') < OLDEST_VERSION)
    throw new GatewayError('store.schema', `PostgreSQL ${version} is too old.`, {
      mend: 'Use PostgreSQL 12 or newer; 15 is what the gateway is tested with.',
    });
  const encoding = row.text('encoding');
  if (encoding !== 'UTF8')
    throw new GatewayError('store.schema', `The database has the encoding ${encoding}.`, {
      mend: "Make it anew: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.",
    });
  return {
    version,
    synchronousCommit: row.text('commit'),
    writesReachDisk: row.boolean('fsync'),
  };
}
