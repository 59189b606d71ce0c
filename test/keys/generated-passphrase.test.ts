import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  ensureGeneratedPassphrase,
  FileKeyStore,
  generatedPassphraseCost,
} from '../../src/keys/index.js';
import { withDirectory } from './temporary-directory.js';

describe('ensureGeneratedPassphrase', () => {
  test('makes 256 random bits once, for the owner alone', () =>
    withDirectory(async (directory) => {
      const made = await ensureGeneratedPassphrase(join(directory, 'data'));
      const path = join(directory, 'data', 'passphrase');
      expect(made).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect(await readFile(path, 'utf8')).toBe(`${made}\n`);
      expect(await ensureGeneratedPassphrase(join(directory, 'data'))).toBe(made);
    }));

  test('agrees among processes that start together', () =>
    withDirectory(async (directory) => {
      const made = await Promise.all(
        Array.from({ length: 8 }, () => ensureGeneratedPassphrase(directory)),
      );
      expect(new Set(made).size).toBe(1);
    }));

  test('makes no new one while keys depend on the old one', () =>
    withDirectory(async (directory) => {
      const made = await ensureGeneratedPassphrase(directory);
      await new FileKeyStore(directory, made, generatedPassphraseCost).deriveSecret('x');
      const path = join(directory, 'passphrase');
      await rm(path);
      await expect(ensureGeneratedPassphrase(directory)).rejects.toEqual(
        expect.objectContaining({
          code: 'keys.passphrase',
          message: `${path} is missing, but keys depend on it.`,
        }),
      );
    }));

  test('refuses an empty file and one it cannot read', () =>
    withDirectory(async (directory) => {
      const path = join(directory, 'passphrase');
      await writeFile(path, '\n');
      await expect(ensureGeneratedPassphrase(directory)).rejects.toEqual(
        expect.objectContaining({ code: 'keys.passphrase', message: `${path} is empty.` }),
      );
      await expect(ensureGeneratedPassphrase(path)).rejects.toEqual(
        expect.objectContaining({ code: 'keys.unreadable' }),
      );
    }));
});
