import { createServer } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ConnectionPause } from '../../../src/store/redis/connection-pause.js';
import { RedisLink } from '../../../src/store/redis/link.js';

test('the pause doubles up to two seconds, half of it by chance, and ends with a success', () => {
  let now = 0;
  let chance = 0;
  const pause = new ConnectionPause({ stopwatch: () => now, random: () => chance });
  const fault = new Error('gone');
  /** Milliseconds after a failure until the next attempt may begin. */
  const after = (): number => {
    pause.failed(fault);
    const began = now;
    for (; ; now++) {
      try {
        pause.requireOver();
        return now - began;
      } catch (error) {
        expect(error).toBe(fault);
      }
    }
  };
  pause.requireOver();
  expect([after(), after(), after(), after()]).toEqual([25, 50, 100, 200]);
  chance = 1;
  expect([after(), after(), after(), after()]).toEqual([800, 1600, 2000, 2000]);
  for (let n = 0; n < 40; n++) pause.failed(fault);
  expect(after()).toBe(2000);
  pause.worked();
  pause.requireOver();
  expect(after()).toBe(50);
});

test('however many ask, a server that is gone is tried once in each pause', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pause-'));
  const host = join(directory, 'socket');
  let attempts = 0;
  const server = createServer((socket) => {
    attempts++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(host, resolve));
  let now = 0;
  const link = new RedisLink(
    {
      host,
      port: 6379,
      database: 0,
      user: undefined,
      password: () => Promise.resolve(''),
      tls: undefined,
      prefix: 'p:',
      connectTimeoutMs: 60_000,
      commandTimeoutMs: 60_000,
    },
    async (session) => {
      await session.command('PING');
    },
    { stopwatch: () => now, random: () => 1 },
  );
  const unavailable = { code: 'store.unavailable' };
  try {
    for (let round = 1; round <= 3; round++) {
      const crowd = Array.from({ length: 20 }, () => link.command('PING'));
      for (const each of crowd) await expect(each).rejects.toMatchObject(unavailable);
      await expect(link.command('PING')).rejects.toMatchObject(unavailable);
      expect(attempts).toBe(round);
      now += 2000;
    }
  } finally {
    await link.close();
    server.close();
    rmSync(directory, { recursive: true });
  }
});
