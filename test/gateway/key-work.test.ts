import { describe, expect, test } from '@jest/globals';
import { createKeyWork, type KeyWork } from '../../src/gateway/key-work.js';

/** Keys that do one thing after the other, each in `millis` of a time that nobody waits for. */
function played(millis: number, waitMillis = 250) {
  let time = 0;
  const keys = createKeyWork(waitMillis, () => time);
  const ends: (() => void)[] = [];
  return {
    keys,
    come: (count: number) => {
      for (let n = 0; n < count; n++)
        void keys.count(() => new Promise<void>((resolve) => ends.push(resolve)));
    },
    done: async (count: number, each = millis) => {
      for (let n = 0; n < count; n++) {
        time += each;
        ends.shift()?.();
        await settled();
      }
    },
  };
}

/** What hangs on a promise that was just settled has run. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}

const state = ({ waiting, most }: KeyWork) => ({ waiting, most });

describe('createKeyWork', () => {
  test('bounds nothing while the keys were never busy', async () => {
    const { keys, come, done } = played(100);
    for (let round = 0; round < 20; round++) {
      come(7);
      await done(7);
    }
    expect(state(keys)).toEqual({ waiting: 0, most: Infinity });
  });

  test('lets in what they do in the time that somebody may wait', async () => {
    const { keys, come, done } = played(1);
    come(400);
    await done(300);
    expect(state(keys)).toEqual({ waiting: 100, most: 250 });
  });

  test('follows keys that become slower, by halves, and never goes below sixteen', async () => {
    const { keys, come, done } = played(1);
    come(1000);
    await done(300);
    await done(50, 10);
    expect(keys.most).toBeLessThan(250);
    await done(200, 100);
    expect(keys.most).toBe(16);
  });

  test('keeps what it knows when there is nothing to do', async () => {
    const { keys, come, done } = played(2);
    come(200);
    await done(200);
    expect(state(keys)).toEqual({ waiting: 0, most: 125 });
    await done(5, 10_000);
    come(7);
    await done(7, 10_000);
    expect(keys.most).toBe(125);
  });

  test('what failed is over, too', async () => {
    const keys = createKeyWork(250);
    await expect(keys.count(() => Promise.reject(new RangeError('no')))).rejects.toThrow('no');
    expect(keys.waiting).toBe(0);
  });
});
