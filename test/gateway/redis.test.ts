/** A gateway whose challenges are on a Redis server; the server is killed and comes back, for real. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { send } from '../http/client.js';
import { describeWithRedis, startRedis, untilReached, type RedisServer } from '../support/redis.js';
import { device, remove, start, temporaryFolder, type Running } from './running.js';
import { api, challengeOf } from './two-gateways.js';

describeWithRedis('a gateway with its challenges on Redis', () => {
  let redis: RedisServer;
  let folder: string;
  let yaml: string;
  let running: Running;

  beforeAll(async () => {
    redis = await startRedis({ settings: ['maxmemory-policy volatile-ttl'] });
    folder = await temporaryFolder();
    yaml = `data: { processes: 2, challengeStore: redis, redis: { host: ${redis.connection().host}, connectSeconds: 20, commandSeconds: 20 } }`;
    running = await start(folder, yaml);
  });
  afterAll(async () => {
    await running.stop();
    await redis.remove();
    await remove(folder);
  });

  const readiness = async () => {
    const { status, body } = await send(running.port, '/readyz');
    return { status, text: body.toString() };
  };

  test('warns of settings that cost challenges', () => {
    expect(running.log()).toContain('maxmemory-policy is volatile-ttl: ');
    expect(running.log()).not.toContain('appendonly is');
  });

  test('a device enrolls, the challenge is spent, and no text of it is in Redis', async () => {
    const challenge = await challengeOf(running.port);
    const someone = await device(running.port, '/scep', '127.0.0.1');
    expect(await someone.enroll('first', challenge)).toMatchObject({ kind: 'issued' });
    const other = await device(running.port, '/scep', '127.0.0.1');
    expect(await other.enroll('second', challenge)).toMatchObject({ kind: 'failed' });
    expect((await readiness()).status).toBe(200);

    const { json } = await api(running.port, '/api/v1/challenges?state=used');
    expect(json).toMatchObject({ challenges: [{ state: 'used', uses: 1 }] });
    const metrics = (await send(running.port, '/metrics')).body.toString();
    expect(metrics).toContain('scep_gateway_challenges{state="used"} 1');

    const keys = (await redis.command('KEYS', '*challenge:*')) as string[];
    expect(keys).toHaveLength(1);
    const kept = JSON.stringify(
      await Promise.all(keys.map((key) => redis.command('HGETALL', key))),
    ).toUpperCase();
    expect(kept).toContain('"ACCOUNT":"ADMIN"');
    expect(kept).not.toContain(challenge);
  });

  test('two gateways race for a challenge: one of them gives a certificate', async () => {
    const second = await start(folder, yaml);
    try {
      for (let round = 0; round < 4; round++) {
        const challenge = await challengeOf(running.port);
        const devices = await Promise.all(
          [running, second].map(({ port }) => device(port, '/scep', '127.0.0.1')),
        );
        const outcomes = await Promise.all(
          devices.map((each, n) => each.enroll(`race-${round}-${n}`, challenge)),
        );
        expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['failed', 'issued']);
      }
    } finally {
      await second.stop();
    }
  });

  test('while the server is gone there is 503 with Retry-After, and afterwards all is as before', async () => {
    const challenge = await challengeOf(running.port);
    const someone = await device(running.port, '/scep', '127.0.0.1');
    await redis.stop('SIGKILL');

    const refused = await send(running.port, '/api/v1/challenges', {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from('admin:a password of admin').toString('base64')}`,
        'content-type': 'application/json',
      },
      body: '{}',
    });
    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toBe('5');
    expect(JSON.parse(refused.body.toString())).toMatchObject({
      error: { code: 'store.unavailable', message: 'The challenge server cannot be used now.' },
    });
    await expect(someone.enroll('third', challenge)).rejects.toMatchObject({
      code: 'scep.unreachable',
    });
    expect((await send(running.port, '/scep?operation=GetCACaps')).status).toBe(200);
    expect((await send(running.port, '/healthz')).status).toBe(200);

    await redis.start();
    await untilReached(async () => expect((await readiness()).status).toBe(200));
    expect(await someone.enroll('third', challenge)).toMatchObject({ kind: 'issued' });
    expect(await challengeOf(running.port)).toMatch(/^[0-9A-F]+$/);
  });

  test('/readyz tells that the server is gone', async () => {
    const other = await temporaryFolder();
    const own = await startRedis();
    const gateway = await start(
      other,
      `data: { challengeStore: redis, redis: { host: ${own.connection().host} } }`,
    );
    await own.stop();
    const { status, body } = await send(gateway.port, '/readyz');
    expect(status).toBe(503);
    expect(body.toString()).toMatch(/challenge store: .*cannot be used now/);
    await gateway.stop();
    await own.remove();
    await remove(other);
  });

  test('a gateway with other keys may not join, and none starts without the server', async () => {
    const elsewhere = await temporaryFolder();
    await expect(start(elsewhere, yaml)).rejects.toMatchObject({
      code: 'store.schema',
      message: 'The challenges belong to a gateway with other keys.',
    });
    await expect(
      start(elsewhere, yaml.replace('redis.sock', 'nowhere.sock')),
    ).rejects.toMatchObject({
      code: 'store.unavailable',
      message: expect.stringMatching(
        /^The challenge server cannot be used: .*nowhere\.sock: /,
      ) as unknown,
    });
    await remove(elsewhere);
  });
});
