import { GatewayError } from '../errors/index.js';
import type { EnrollmentStore, TransactionRecord } from '../store/index.js';

/**
 * The one waiting transaction whose id starts with this.
 * @throws GatewayError `cli.not-found` when nothing or more than one fits
 */
export async function findWaiting(
  store: EnrollmentStore,
  prefix: string,
  { accepts, forWhat }: { accepts: (row: TransactionRecord) => boolean; forWhat: string },
): Promise<TransactionRecord> {
  const waiting = (await store.pending({ limit: 100_000 })).filter(
    (row) => row.id.startsWith(prefix) && accepts(row),
  );
  const [found, another] = waiting;
  if (found && !another) return found;
  throw new GatewayError(
    'cli.not-found',
    found
      ? `More than one waiting request starts with ${prefix}.`
      : `No request ${prefix} is waiting for ${forWhat}.`,
    { mend: 'List them with: scep-gateway pending list' },
  );
}
