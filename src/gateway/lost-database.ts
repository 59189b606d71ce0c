import { stat } from 'node:fs/promises';
import { GatewayError } from '../errors/index.js';
import type { SealedKeyStore } from '../keys/index.js';

/**
 * The database is made before the first key of a CA. Keys without it mean that it was lost: to found the
 * CA anew on them would forget what was issued, revoked and spent, and nobody would notice.
 *
 * @throws GatewayError `store.schema`
 */
export async function requireNoLostDatabase(
  path: string,
  keys: Pick<SealedKeyStore, 'holdsKeys'>,
): Promise<void> {
  const size = await stat(path).then(
    (file) => file.size,
    () => 0,
  );
  if (size > 0 || !(await keys.holdsKeys())) return;
  throw new GatewayError('store.schema', `${path} is missing, but there are keys of a CA.`, {
    mend: 'Restore the database (and the file gateway.db-wal beside it) from a backup. To begin anew, move the whole data directory away.',
  });
}
