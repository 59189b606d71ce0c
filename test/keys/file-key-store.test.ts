import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { FileKeyStore, type ScryptCost } from '../../src/keys/index.js';
import { testKeyObject } from '../support/keys.js';
import { keyStoreContract } from './key-store.contract.js';
import { withDirectory } from './temporary-directory.js';

const cost: ScryptCost = { N: 2 ** 10, r: 8, p: 1 };
const caPem = testKeyObject('ca').export({ format: 'pem', type: 'pkcs8' }).toString();
const passphrase = 'correct horse';

function open(directory: string, secret = passphrase): FileKeyStore {
  return new FileKeyStore(directory, secret, cost);
}

keyStoreContract('FileKeyStore', {
  run: (body) => withDirectory((directory) => body(() => open(directory))),
});

const unreadable = (message: string) =>
  expect.objectContaining({ code: 'keys.unreadable', message });

describe('FileKeyStore', () => {
  test('leaves only sealed files that its owner alone can read', () =>
    withDirectory(async (directory) => {
      const store = open(join(directory, 'data'));
      await store.import('ca', caPem);
      await store.deriveSecret('test');
      const keys = join(directory, 'data', 'keys');
      expect((await readdir(keys)).sort()).toEqual(['ca.key', 'master.secret', 'seal.json']);
      expect((await stat(keys)).mode & 0o777).toBe(0o700);
      for (const file of await readdir(keys)) {
        const text = await readFile(join(keys, file), 'utf8');
        expect((await stat(join(keys, file))).mode & 0o777).toBe(0o600);
        expect(text).not.toContain(caPem.slice(100, 140));
        expect(text).not.toContain(passphrase);
      }
    }));

  test('counts uses of the keys that it opened, until they are over', () =>
    withDirectory(async (directory) => {
      const store = open(directory);
      const made = await store.import('ca', caPem);
      const loaded = await store.load('ca');
      const uses = [
        made.sign('sha256', Buffer.from('message')),
        loaded.rawDecrypt(Buffer.alloc(256, 1)),
      ];
      expect(store.uses.waiting).toBe(2);
      await Promise.all(uses);
      expect(store.uses.waiting).toBe(0);
      await store.close();
    }));

  test('derives with full cost unless told otherwise', () =>
    withDirectory(async (directory) => {
      await new FileKeyStore(directory, passphrase).import('ca', caPem);
      const seal = await readFile(join(directory, 'keys', 'seal.json'), 'utf8');
      expect(JSON.parse(seal)).toMatchObject({ version: 1, scrypt: { N: 131072, r: 8, p: 1 } });
      expect(await open(directory).has('ca')).toBe(true);
      expect((await open(directory).load('ca')).publicKey.bits).toBe(2048);
    }));

  test('a wrong passphrase is named as such, and never the passphrase itself', () =>
    withDirectory(async (directory) => {
      await open(directory).import('ca', caPem);
      for (const secret of ['wrong horse', '', `${passphrase} `]) {
        const store = open(directory, secret);
        const refused = expect.objectContaining({ code: 'keys.passphrase' });
        await expect(store.load('ca')).rejects.toEqual(refused);
        await expect(store.import('ra', caPem)).rejects.toEqual(refused);
        await expect(store.deriveSecret('test')).rejects.toEqual(refused);
      }
      await expect(open(directory, 'wrong horse').load('ca')).rejects.toThrow(
        `The passphrase does not open ${join(directory, 'keys')}.`,
      );
    }));

  test('the same passphrase composed differently opens', () =>
    withDirectory(async (directory) => {
      await open(directory, 'Gera\u0308t').import('ca', caPem);
      await expect(open(directory, 'Ger\u00e4t').load('ca')).resolves.toBeDefined();
    }));

  test.each([
    ['an empty file', '', 'is not a sealed secret of this gateway.'],
    ['a plain key', caPem, 'is not a sealed secret of this gateway.'],
    ['a truncated file', '-----BEGIN SCEP GATEWAY SEALED SECRET-----\nAAAA', 'is damaged.'],
    [
      'a short box',
      '-----BEGIN SCEP GATEWAY SEALED SECRET-----\nAAAA\n-----END SCEP GATEWAY SEALED SECRET-----',
      'is damaged or not from this key store.',
    ],
  ])('refuses %s', (_name, content, message) =>
    withDirectory(async (directory) => {
      await open(directory).import('other', caPem);
      const path = join(directory, 'keys', 'ca.key');
      await writeFile(path, content);
      await expect(open(directory).load('ca')).rejects.toEqual(unreadable(`${path} ${message}`));
    }),
  );

  test('one key cannot stand in for another', () =>
    withDirectory(async (directory) => {
      await open(directory).import('ca', caPem);
      const path = join(directory, 'keys', 'ra.key');
      await writeFile(path, await readFile(join(directory, 'keys', 'ca.key')));
      await expect(open(directory).load('ra')).rejects.toEqual(
        unreadable(`${path} is damaged or not from this key store.`),
      );
    }));

  test('a lost or damaged seal stops the start instead of making a new one', () =>
    withDirectory(async (directory) => {
      await open(directory).import('ca', caPem);
      const seal = join(directory, 'keys', 'seal.json');
      const good = await readFile(seal, 'utf8');
      for (const bad of ['', '{}', good.replace('1024', '1023')]) {
        await writeFile(seal, bad);
        await expect(open(directory).load('ca')).rejects.toEqual(unreadable(`${seal} is damaged.`));
      }
      await rm(seal);
      await expect(open(directory).load('ca')).rejects.toEqual(
        unreadable(`${seal} is missing, and the keys beside it do not open without it.`),
      );
      await writeFile(seal, good);
      await expect(open(directory).load('ca')).resolves.toBeDefined();
    }));

  test('a directory that cannot be used is said, with its path', () =>
    withDirectory(async (directory) => {
      await writeFile(join(directory, 'keys'), 'a file');
      const store = open(directory);
      await expect(store.import('ca', caPem)).rejects.toEqual(
        expect.objectContaining({ code: 'keys.unreadable' }),
      );
    }));

  test('refuses names that could leave the directory', () =>
    withDirectory(async (directory) => {
      for (const name of ['', '../ca', 'a/b', '.ca', 'a\0', 'x'.repeat(101)])
        await expect(open(directory).load(name)).rejects.toThrow(new RangeError('not a key name'));
    }));

  test('starts that are cut short leave nothing that matters', () =>
    withDirectory(async (directory) => {
      await mkdir(join(directory, 'keys'));
      await writeFile(join(directory, 'keys', '.seal.json.abc.tmp'), '{');
      await open(directory).import('ca', caPem);
      await expect(open(directory).load('ca')).resolves.toBeDefined();
    }));
});

describe('deriveSecret', () => {
  test('is the same on every start, and another for each label and each installation', () =>
    withDirectory(async (directory) => {
      const first = await open(directory).deriveSecret('challenge digest');
      expect(first).toHaveLength(32);
      expect(await open(directory).deriveSecret('challenge digest')).toEqual(first);
      expect(await open(directory).deriveSecret('single password')).not.toEqual(first);
      await withDirectory(async (other) => {
        expect(await open(other).deriveSecret('challenge digest')).not.toEqual(first);
      });
    }));

  test('agrees among processes that start together', () =>
    withDirectory(async (directory) => {
      const secrets = await Promise.all(
        Array.from({ length: 6 }, () => open(directory).deriveSecret('x')),
      );
      expect(new Set(secrets.map((secret) => secret.toString('hex'))).size).toBe(1);
    }));

  test('recovers when the cause is gone', () =>
    withDirectory(async (directory) => {
      await open(directory).import('ca', caPem);
      const seal = join(directory, 'keys', 'seal.json');
      const good = await readFile(seal, 'utf8');
      const store = open(directory);
      await writeFile(seal, '');
      await expect(store.deriveSecret('x')).rejects.toEqual(unreadable(`${seal} is damaged.`));
      await writeFile(seal, good);
      await expect(store.deriveSecret('x')).resolves.toHaveLength(32);
    }));
});
