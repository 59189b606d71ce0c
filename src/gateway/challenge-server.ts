/** The Redis-compatible server that a site may keep its challenges on. */
import type { RedisConfig, ResolvedConfig } from '../config/index.js';
import type { SecretSource } from '../keys/index.js';
import type { ChallengeServer, RedisConnection, RedisReport } from '../store/index.js';
import { messageOf } from '../errors/index.js';
import type { Log } from '../telemetry/index.js';
import { ownerOf } from './database-keys.js';
import { serverConnection } from './server-connection.js';

type StoreOptions = Pick<ResolvedConfig, 'config' | 'readSecret'>;

/**
 * Undefined where challenges are elsewhere. It is not connected to before it is used: most commands need none.
 * @throws GatewayError `config.unreadable`
 */
export async function openChallengeServer(
  options: StoreOptions,
  keys: SecretSource,
): Promise<ChallengeServer | undefined> {
  const connection = await configuredConnection(options);
  if (connection === undefined) return undefined;
  const { openRedisChallenges } = await import('../store/redis/index.js');
  return openRedisChallenges(connection, await ownerOf(keys));
}

/**
 * What the server says of itself, without a trace there; undefined where challenges are elsewhere.
 * @throws GatewayError `config.unreadable`, `store.unavailable`
 */
export async function viewChallengeServer(options: StoreOptions): Promise<RedisReport | undefined> {
  const connection = await configuredConnection(options);
  if (connection === undefined) return undefined;
  const { viewRedis } = await import('../store/redis/index.js');
  return viewRedis(connection);
}

/** What of the server's settings may cost challenges, as far as it tells. */
export async function tellConcerns(
  server: Pick<ChallengeServer, 'report'> | undefined,
  log: Log,
): Promise<void> {
  if (server === undefined) return;
  try {
    const { server: name, concerns } = await server.report();
    log.info('challenges are on a server of their own', { server: name });
    for (const concern of concerns) log.warn(concern, { setting: 'data.redis' });
  } catch (error) {
    log.warn('the challenge server does not tell how it is set up', { error: messageOf(error) });
  }
}

async function configuredConnection({
  config,
  readSecret,
}: StoreOptions): Promise<RedisConnection | undefined> {
  const { challengeStore, redis } = config.data;
  if (challengeStore !== 'redis' || redis === undefined) return undefined;
  return redisConnection(redis, readSecret);
}

async function redisConnection(
  config: RedisConfig,
  readSecret: ResolvedConfig['readSecret'],
): Promise<RedisConnection> {
  const { database, user, prefix } = config;
  return {
    ...(await serverConnection(config, 'data.redis', readSecret)),
    database,
    user,
    prefix,
    commandTimeoutMs: config.commandSeconds * 1000,
  };
}
