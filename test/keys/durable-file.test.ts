import * as files from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { withDirectory } from './temporary-directory.js';

/** A file system whose `link` always fails in this way, as FAT and some network mounts do. */
async function createWith(code: string) {
  jest.resetModules();
  jest.unstable_mockModule('node:fs/promises', () => ({
    ...files,
    link: () => Promise.reject(Object.assign(new Error(code), { code })),
  }));
  return (await import('../../src/keys/durable-file.js')).createDurably;
}

describe('createDurably without hard links', () => {
  test('still makes a file whole, once, for its owner alone', () =>
    withDirectory(async (directory) => {
      const createDurably = await createWith('EPERM');
      const path = join(directory, 'new', 'file');
      expect(await createDurably(path, 'first')).toBe('created');
      expect(await createDurably(path, 'second')).toBe('exists');
      expect(await files.readFile(path, 'utf8')).toBe('first');
      expect((await files.stat(path)).mode & 0o777).toBe(0o600);
      expect(await files.readdir(join(directory, 'new'))).toEqual(['file']);
    }));

  test('lets other faults out and leaves nothing behind', () =>
    withDirectory(async (directory) => {
      const createDurably = await createWith('EIO');
      await expect(createDurably(join(directory, 'file'), 'first')).rejects.toThrow('EIO');
      expect(await files.readdir(directory)).toEqual([]);
    }));
});
