import { GatewayError, isGatewayError } from '../../errors/index.js';
import type { ChallengeStore } from '../challenge-store.js';
import { RedisChallengeStore } from './challenge-store.js';
import { listOf } from './challenge-reply.js';
import type { RedisConnection } from './connection.js';
import { RedisLink, type RedisSession } from './link.js';
import { claim, touch } from './scripts.js';
import { reportOn, type RedisReport } from './server-report.js';

/** How keys and values are written. Older gateways leave a store of a newer one alone. */
const SCHEMA = '1';

/** Challenges on a server of their own. */
export interface ChallengeServer {
  readonly store: ChallengeStore;
  /** Connects. @throws GatewayError `store.*`; of one that cannot be reached the message says where it was looked for */
  readonly reach: () => Promise<void>;
  /** Writes something. @throws GatewayError `store.*` when challenges can be neither made nor spent */
  readonly check: (now: Date) => Promise<void>;
  /** @throws GatewayError `store.*` */
  readonly report: () => Promise<RedisReport>;
  /** Lets what is under way be answered; a second call does nothing. */
  readonly close: () => Promise<void>;
}

/**
 * Connects when it is first used. Each connection makes sure that the challenges are ours.
 *
 * @param owner names who has the key that challenges are hashed with: others would take every challenge for
 *   a wrong one, and retire those of the configuration
 */
export function openRedisChallenges(connection: RedisConnection, owner: string): ChallengeServer {
  const link = new RedisLink(connection, (session) => requireOwn(session, owner));
  return {
    store: new RedisChallengeStore(link),
    reach: async () => {
      try {
        await link.command('PING');
      } catch (error) {
        throw forAdministrators(error);
      }
    },
    check: async (now) => {
      await link.run(touch, now.toISOString());
    },
    report: () => reportOn(link),
    close: () => link.close(),
  };
}

/** Looks at the server and writes nothing. @throws GatewayError `store.*` */
export async function viewRedis(connection: RedisConnection): Promise<RedisReport> {
  const link = new RedisLink(connection, () => Promise.resolve());
  try {
    return await reportOn(link);
  } catch (error) {
    throw forAdministrators(error);
  } finally {
    await link.close();
  }
}

function forAdministrators(error: unknown): unknown {
  if (!isGatewayError(error) || error.code !== 'store.unavailable') return error;
  const { detail = error.message, mend, cause } = error;
  return new GatewayError(error.code, `The challenge server cannot be used: ${detail}`, {
    detail,
    cause,
    ...(mend !== undefined && { mend }),
  });
}

async function requireOwn(session: RedisSession, owner: string): Promise<void> {
  const [written, schema] = listOf(await session.run(claim, owner, SCHEMA));
  if (schema !== SCHEMA)
    throw new GatewayError('store.schema', 'The challenges were written by another release.', {
      detail: `schema ${String(schema)}, known is ${SCHEMA}`,
      mend: 'Use that release, or another data.redis.prefix.',
    });
  if (written === owner) return;
  throw new GatewayError('store.schema', 'The challenges belong to a gateway with other keys.', {
    mend: 'Give each installation a data.redis.prefix of its own; gateways that share challenges need the same keys (docs/several-gateways.md).',
  });
}
