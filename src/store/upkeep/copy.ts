/** Everything of a file, into a PostgreSQL database that holds nothing yet. */
import type { Copied, CopyOptions } from '../copy.types.js';
import type { PostgresConnection } from '../postgres/connection.js';
import { fillDatabase } from '../postgres/filling.js';
import { withSession } from '../postgres/single-connection.js';
import { openSqliteSource } from '../sqlite/copy-source.js';

/**
 * In one transaction: until it is committed the database is as empty as it was, whatever breaks off. Rows are
 * in memory a part at a time. The file can be used by nobody meanwhile, and is not changed.
 *
 * @throws GatewayError `store.unavailable` while somebody has the file open, or the database; `store.schema`
 *   where the file is of another release, or something is in the database; `store.damaged` where the copy is not
 *   what it should be
 */
export async function copySqliteToPostgres(
  path: string,
  connection: PostgresConnection,
  options: CopyOptions,
): Promise<Copied> {
  const source = await openSqliteSource(path);
  try {
    return await withSession(connection, (session) => fillDatabase(session, source, options));
  } finally {
    source.close();
  }
}
