import { describe, expect, test } from '@jest/globals';
import { WriteAheadLog } from '../../../src/store/sqlite/write-ahead-log.js';

/** A file whose syncs end when the test says so. */
function heldFile(): {
  readonly log: WriteAheadLog;
  readonly syncs: PromiseWithResolvers<void>[];
  readonly closed: () => boolean;
} {
  const syncs: PromiseWithResolvers<void>[] = [];
  let isClosed = false;
  const log = new WriteAheadLog({
    datasync() {
      const sync = withResolvers();
      syncs.push(sync);
      return sync.promise;
    },
    close() {
      isClosed = true;
      return Promise.resolve();
    },
  });
  return { log, syncs, closed: () => isClosed };
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

function withResolvers(): PromiseWithResolvers<void> {
  let resolve = (): void => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('WriteAheadLog', () => {
  test('who comes before a sync begins shares it', async () => {
    const { log, syncs } = heldFile();
    const both = Promise.all([log.reach(), log.reach()]);
    await turn();
    log.requireWhole();
    expect(syncs).toHaveLength(1);
    syncs[0]!.resolve();
    await both;
    expect(syncs).toHaveLength(1);
  });

  test('who comes while a sync runs waits for the next one', async () => {
    const { log, syncs } = heldFile();
    const first = log.reach();
    await turn();
    let isReached = false;
    const others = [log.reach(), log.reach()].map((reached) =>
      reached.then(() => (isReached = true)),
    );
    await turn();
    expect(syncs).toHaveLength(1);
    syncs[0]!.resolve();
    await first;
    await turn();
    expect([syncs.length, isReached]).toEqual([2, false]);
    syncs[1]!.resolve();
    await Promise.all(others);
    expect(syncs).toHaveLength(2);
  });

  test('after a sync that failed nothing is promised any more', async () => {
    const { log, syncs } = heldFile();
    const first = log.reach();
    await turn();
    const second = log.reach();
    syncs[0]!.reject(new Error('EIO'));
    await expect(first).rejects.toThrow('EIO');
    await expect(second).rejects.toThrow('EIO');
    await expect(log.reach()).rejects.toThrow('EIO');
    expect(syncs).toHaveLength(1);
    expect(() => log.requireWhole()).toThrow('did not reach the disk');
  });

  test('close waits for the sync under way, however it ends', async () => {
    for (const end of ['resolve', 'reject'] as const) {
      const { log, syncs, closed } = heldFile();
      const reached = log.reach().catch(() => undefined);
      const closing = log.close();
      await turn();
      expect(closed()).toBe(false);
      syncs[0]![end](undefined);
      await Promise.all([reached, closing]);
      expect(closed()).toBe(true);
    }
  });
});
