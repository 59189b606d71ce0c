/** The way to the server: signing in, TLS, faults, and what the server says of its settings. */
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from '@jest/globals';
import type { ChallengeId, ChallengeServer, RedisConnection } from '../../../src/store/index.js';
import { openRedisChallenges, viewRedis } from '../../../src/store/redis/index.js';
import { toPem, writeSubjectAltNames } from '../../../src/x509/index.js';
import { der } from '../../../src/asn1/index.js';
import { selfSigned } from '../../support/certificates.js';
import { testKey, testKeyObject } from '../../support/keys.js';
import {
  describeWithRedis,
  startRedis,
  untilReached,
  type RedisServer,
} from '../../support/redis.js';
import { challenge, noon } from '../records.js';

const owner = 'a'.repeat(64);
const unavailable = { code: 'store.unavailable' };

describeWithRedis('the way to a Redis server', () => {
  let redis: RedisServer | undefined;
  const opened: ChallengeServer[] = [];

  async function server(...settings: readonly string[]): Promise<RedisServer> {
    return (redis = await startRedis({ settings }));
  }

  function open(connection: RedisConnection): ChallengeServer {
    const challenges = openRedisChallenges(connection, owner);
    opened.push(challenges);
    return challenges;
  }

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((challenges) => challenges.close()));
    await redis?.remove();
    redis = undefined;
  });

  test('a server that is killed and comes back has what was added and what was spent', async () => {
    const { connection, stop, start } = await server();
    const { store, check } = open(connection());
    await store.add(challenge('spent'), 9);
    await store.add(challenge('open'), 9);
    await store.reserve('spent' as ChallengeId, 't', noon);
    await store.confirm('spent' as ChallengeId, 't');
    await stop('SIGKILL');

    await expect(store.find('open' as ChallengeId)).rejects.toMatchObject(unavailable);
    await expect(check(noon)).rejects.toMatchObject({
      ...unavailable,
      message: 'The challenge server cannot be used now.',
      mend: 'Look whether the Redis server runs, and whether data.redis.host and data.redis.port lead to it.',
    });

    await start();
    await untilReached(() => check(noon));
    expect(await store.reserve('spent' as ChallengeId, 'u', noon)).toEqual({
      kind: 'refused',
      reason: 'used',
    });
    expect(await store.reserve('open' as ChallengeId, 'u', noon)).toEqual({ kind: 'reserved' });
  });

  test('what could not be told to be spent is told later: it opens nothing for its own transaction either', async () => {
    const { connection, stop, start } = await server();
    const { store, check } = open(connection());
    for (const id of ['a', 'b', 'c'] as ChallengeId[]) {
      await store.add(challenge(id), 9);
      await store.reserve(id, 't', noon);
    }
    await stop('SIGKILL');
    for (const id of ['a', 'b'] as ChallengeId[])
      await expect(store.confirm(id, 't')).rejects.toMatchObject(unavailable);
    await start();
    await untilReached(() => check(noon));
    expect(await store.reserve('a' as ChallengeId, 't', noon)).toEqual({ kind: 'held' });
    await store.confirm('c' as ChallengeId, 't');
    for (const id of ['a', 'b', 'c'] as ChallengeId[])
      expect(await store.reserve(id, 't', noon)).toEqual({ kind: 'refused', reason: 'used' });
  });

  test('nobody waits for a server that answers nothing, and too many do not wait at all', async () => {
    const { connection, pause, resume } = await server();
    const patient = open(connection());
    expect(await patient.store.add(challenge('a'), 1)).toBe(true);
    pause();
    // Of its calls none is to succeed, however slow the machine is.
    const { store } = open(connection({ commandTimeoutMs: 1000 }));
    await expect(store.find('a' as ChallengeId)).rejects.toMatchObject({
      ...unavailable,
      detail: expect.stringMatching(/redis\.sock: no answer in 1 s$/) as unknown,
    });
    const crowded = open(connection({ commandTimeoutMs: 1000 }));
    const crowd = await Promise.allSettled(
      Array.from({ length: 1100 }, () => crowded.store.find('a' as ChallengeId)),
    );
    const reasons = crowd.map((each) =>
      each.status === 'rejected' ? (each.reason as Error).message : 'answered',
    );
    expect(new Set(reasons)).toEqual(
      new Set([
        'The challenge server cannot be used now.',
        'Too much waits for the challenge server.',
      ]),
    );
    expect(reasons.filter((text) => text.startsWith('Too much'))).toHaveLength(100);
    resume();
    expect((await patient.store.find('a' as ChallengeId))?.id).toBe('a');
  });

  test('a closed store is closed, and an unused one was never connected', async () => {
    const { connection } = await server();
    const challenges = open(connection({ host: '/nowhere/redis.sock' }));
    await challenges.close();
    await challenges.close();
    await expect(challenges.check(noon)).rejects.toMatchObject({
      ...unavailable,
      message: 'The challenge store is closed.',
    });
  });

  test('a user of the ACL needs no more than docs/several-gateways.md grants', async () => {
    const page = readFileSync('docs/several-gateways.md', 'utf8');
    const rule = /^ACL SETUSER scep (.*)$/m.exec(page)?.[1] ?? '';
    const { connection, command } = await server();
    await command('ACL', 'SETUSER', 'scep', ...rule.replace('…', 'right').split(' '));
    const as = (password: string) =>
      connection({ user: 'scep', database: 3, password: () => Promise.resolve(password) });
    const { store, check, report, reach } = open(as('right'));
    await reach();
    await check(noon);
    await store.put(challenge('s', { maxUses: undefined, expiresAt: undefined }));
    await store.reserve('s' as ChallengeId, 't', noon);
    await store.confirm('s' as ChallengeId, 't');
    await store.add(challenge('a'), 2);
    await store.add(challenge('b', { createdAt: new Date(noon.getTime() + 3600_000) }), 2);
    await store.reserve('a' as ChallengeId, 't', noon);
    await store.release('a' as ChallengeId, 't');
    await store.revoke('a' as ChallengeId, noon);
    expect(await store.isHeld('s' as ChallengeId, 't')).toBe(true);
    expect((await store.findByDigest(challenge('a').digest))?.id).toBe('a');
    expect((await store.list({}, noon)).map(({ id }) => id)).toEqual(['b', 'a', 's']);
    expect(await store.count(noon)).toEqual({ open: 2, used: 0, expired: 0, revoked: 1 });
    const later = new Date(noon.getTime() + 1);
    await store.reserve('b' as ChallengeId, 't', noon);
    for await (const part of store.idleReservations(later)) expect(part).toHaveLength(1);
    expect(await store.reclaim('b' as ChallengeId, 't', later)).toBe(true);
    expect(await store.prune(new Date(noon.getTime() + 7200_000))).toBe(2);
    expect((await report()).server).toMatch(/^redis \d/);

    const signIn = {
      ...unavailable,
      mend: 'Look at data.redis.user and data.redis.password, and at the ACL of the server.',
    };
    await expect(open(as('wrong')).reach()).rejects.toMatchObject(signIn);
    await command('ACL', 'SETUSER', 'scep', '-evalsha', '-eval');
    await expect(open(as('right')).check(noon)).rejects.toMatchObject({
      ...unavailable,
      mend: `${signIn.mend} docs/several-gateways.md lists the commands and keys it needs.`,
    });
    await command('ACL', 'SETUSER', 'scep', '+evalsha', '+eval', 'resetkeys', '~other:*');
    await expect(open(as('right')).check(noon)).rejects.toMatchObject({
      ...unavailable,
      mend: `${signIn.mend} docs/several-gateways.md lists the commands and keys it needs.`,
    });
  });

  test('over TLS a server without a good certificate gets nothing', async () => {
    const certificate = await selfSigned(testKey('ra-old'), {
      subject: 'CN=redis',
      extensions: [writeSubjectAltNames([der.element(0x87, Buffer.from([127, 0, 0, 1]))], false)],
    });
    const pem = toPem('CERTIFICATE', certificate.der);
    redis = await startRedis({
      settings: [
        'port 0',
        'tls-port {port}',
        'tls-cert-file {directory}/tls.pem',
        'tls-key-file {directory}/tls.key',
        'tls-ca-cert-file {directory}/tls.pem',
        'tls-auth-clients no',
      ],
      files: {
        'tls.pem': pem,
        'tls.key': testKeyObject('ra-old').export({ type: 'pkcs8', format: 'pem' }),
      },
    });
    const over = (tls: RedisConnection['tls']) =>
      redis?.connection({ host: '127.0.0.1', port: redis.port ?? 0, tls }) as RedisConnection;
    await open(over({ ca: pem })).reach();
    const mend =
      'Look at data.redis.tls: `ca` must hold the CA of the server certificate, and `host` or `serverName` a name in it; a server without TLS needs `mode: off`.';
    await expect(open(over({})).reach()).rejects.toMatchObject({ ...unavailable, mend });
    const inTheClear = open(over(undefined));
    await expect(inTheClear.reach()).rejects.toMatchObject(unavailable);
  });

  test.each([
    ['replicaof 127.0.0.1 1', 'The server is a replica: point data.redis.host at the primary.'],
    [
      'maxmemory 1',
      'The server has no memory left: raise maxmemory, or give challenges one of their own.',
    ],
    ['databases 1', 'Look at data.redis.database: the server has fewer databases.'],
    [
      'min-replicas-to-write 1',
      'The server wants more replicas than it has (min-replicas-to-write).',
    ],
  ])('%s: a fault that says what to do', async (setting, mend) => {
    const { connection } = await server(setting);
    await expect(open(connection({ database: 1 })).check(noon)).rejects.toMatchObject({
      ...unavailable,
      mend,
    });
  });

  test('what it says of itself is judged', async () => {
    const { connection, command } = await server('appendfsync always');
    expect(await viewRedis(connection())).toEqual({
      server: expect.stringMatching(/^redis \d+\.\d+\.\d+$/) as unknown,
      concerns: [],
    });
    expect(await command('DBSIZE')).toBe(0);
    await command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    await command('CONFIG', 'SET', 'appendfsync', 'everysec');
    expect((await viewRedis(connection())).concerns).toEqual([
      expect.stringMatching(/^maxmemory-policy is allkeys-lru: /),
      expect.stringMatching(/^appendfsync is everysec: /),
    ]);
    await command('CONFIG', 'SET', 'appendonly', 'no');
    await command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    expect((await viewRedis(connection())).concerns).toEqual([
      expect.stringMatching(/^appendonly is no: /),
    ]);
    await command('CONFIG', 'SET', 'save', '');
    expect((await viewRedis(connection())).concerns).toEqual([
      expect.stringMatching(/^appendonly is no, and nothing is saved: /),
    ]);
    await expect(
      viewRedis({ ...connection(), host: join('/nowhere', 'redis.sock') }),
    ).rejects.toMatchObject({
      ...unavailable,
      message: expect.stringMatching(
        /^The challenge server cannot be used: \/nowhere\/redis\.sock: .*connect ENOENT/,
      ) as unknown,
    });
  });
});
