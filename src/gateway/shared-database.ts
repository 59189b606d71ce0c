import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { GatewayError } from '../errors/index.js';
import type { SharedStores } from '../store/index.js';

/** A turn that nobody renews, as of a gateway that died, ends after this. */
const turnMillis = 15_000;
const renewalMillis = 4000;
const lookMillis = 200;
/** Longer than the death of one before and the work of a few. */
const patienceMillis = 120_000;

/** A database that several gateways may share, and who this one is among them. */
export interface SharedDatabase extends Pick<SharedStores, 'leases' | 'tallies' | 'place'> {
  /** `host:pid-random`: names this process in leases and to people. */
  readonly node: string;
}

export function nodeName(): string {
  // Containers share their process ids, and often enough their names.
  return `${hostname()}:${process.pid}-${randomBytes(3).toString('hex')}`;
}

/**
 * Does `work` while no other gateway of the database does; each waits for its turn.
 * @throws GatewayError `store.unavailable` when the turn does not come
 */
export async function inTurn<T>(
  { leases, node }: Pick<SharedDatabase, 'leases' | 'node'>,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  const until = performance.now() + patienceMillis;
  for (;;) {
    const { isHeld, holder } = await leases.take(name, node, turnMillis);
    if (isHeld) break;
    if (performance.now() > until)
      throw new GatewayError('store.unavailable', `${holder} does not come to an end.`, {
        detail: `lease ${name}`,
        mend: 'Look what that gateway waits for, and start this one again.',
      });
    await pause(lookMillis);
  }
  // A renewal that fails is made up for by the next; a turn that is lost all the same costs work twice, no more.
  let renewing: Promise<unknown> = Promise.resolve();
  const renewal = setInterval(() => {
    renewing = Promise.allSettled([renewing, leases.take(name, node, turnMillis)]);
  }, renewalMillis);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    // One under way would take the turn back.
    await renewing;
    await leases.release(name, node).catch(() => undefined);
  }
}
