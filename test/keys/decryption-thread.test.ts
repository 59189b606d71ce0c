import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DecryptionThread } from '../../src/keys/decryption-thread.js';
import { SoftwareKey } from '../../src/keys/index.js';
import { testKeyObject } from '../support/keys.js';

let thread: DecryptionThread;
beforeEach(() => {
  thread = new DecryptionThread();
});
afterEach(() => thread.close());

const key = testKeyObject('ca');
const inRange = () => Buffer.concat([Buffer.from([0]), randomBytes(255)]);

describe('DecryptionThread', () => {
  test('decrypts as this thread does, each its own, whatever memory it stands in', async () => {
    const here = new SoftwareKey(key);
    const there = new SoftwareKey(key, thread);
    const memory = Buffer.concat(Array.from({ length: 20 }, inRange));
    const ciphertexts = Array.from({ length: 20 }, (_, n) =>
      memory.subarray(n * 256, n * 256 + 256),
    );
    expect(await Promise.all(ciphertexts.map((each) => there.rawDecrypt(each)))).toEqual(
      await Promise.all(ciphertexts.map((each) => here.rawDecrypt(each))),
    );
  });

  test('serves several keys', async () => {
    const ciphertext = inRange();
    for (const name of ['ca', 'client', 'ca'] as const) {
      const expected = await new SoftwareKey(testKeyObject(name)).rawDecrypt(ciphertext);
      expect(await thread.rawDecrypt(testKeyObject(name), ciphertext)).toEqual(expected);
    }
  });

  test('refuses what is out of range, and goes on', async () => {
    await expect(thread.rawDecrypt(key, Buffer.alloc(256, 0xff))).rejects.toThrow(
      'the ciphertext is out of range',
    );
    expect(await thread.rawDecrypt(key, inRange())).toHaveLength(256);
  });

  test('who waits when it ends is told, and not that the ciphertext is bad; the next gets another', async () => {
    const waiting = thread.rawDecrypt(key, inRange());
    const ended = expect(waiting).rejects.toMatchObject({ code: 'internal' });
    await thread.close();
    await ended;
    expect(await thread.rawDecrypt(key, inRange())).toHaveLength(256);
  });
});
