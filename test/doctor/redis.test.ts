import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { remove, temporaryFolder } from '../gateway/running.js';
import { describeWithRedis, startRedis, type RedisServer } from '../support/redis.js';
import { examineYaml, found } from './examining.js';

describeWithRedis('the doctor on a Redis server', () => {
  let redis: RedisServer;
  let folder: string;

  beforeAll(async () => {
    redis = await startRedis({ settings: ['maxmemory-policy allkeys-lru'] });
    folder = await temporaryFolder();
  });
  afterAll(async () => {
    await redis.remove();
    await remove(folder);
  });

  const examined = async (host: string) => {
    const data = `, challengeStore: redis, redis: { host: ${host} }`;
    return found(await examineYaml(folder, '', { data }), 'data.redis');
  };

  test('asks it how it is set up, and leaves no trace', async () => {
    expect(await examined(redis.connection().host)).toEqual([
      expect.objectContaining({
        result: 'ok',
        text: expect.stringMatching(/^It answers: redis 7/),
      }),
      expect.objectContaining({
        result: 'warning',
        text: expect.stringMatching(/^maxmemory-policy is allkeys-lru: /),
      }),
    ]);
    expect(await redis.command('DBSIZE')).toBe(0);
  });

  test('says where it looked in vain', async () => {
    expect(await examined(`${folder}/nowhere.sock`)).toEqual([
      expect.objectContaining({
        result: 'failed',
        text: expect.stringMatching(/The challenge server cannot be used: .*nowhere\.sock/),
      }),
    ]);
  });
});
