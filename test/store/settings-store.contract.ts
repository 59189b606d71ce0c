import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ApiTokenRecord, SettingsStore } from '../../src/store/index.js';
import { at, noon } from './records.js';

export interface OpenedStore {
  readonly store: SettingsStore;
  close(): Promise<void>;
}

/** What every SettingsStore does. `make` gives an empty one. */
export function settingsStoreContract(name: string, make: () => Promise<OpenedStore>): void {
  describe(`SettingsStore contract: ${name}`, () => {
    let opened: OpenedStore;
    let store: SettingsStore;

    beforeEach(async () => {
      opened = await make();
      store = opened.store;
    });
    afterEach(() => opened.close());

    test('keeps the last value of a key', async () => {
      expect(await store.get('ca.state')).toBeUndefined();
      await store.set('ca.state', 'one');
      await store.set('ca.state', '');
      expect(await store.get('ca.state')).toBe('');
      expect(await store.get('ca')).toBeUndefined();
    });

    test('swaps only what it was told to find', async () => {
      expect(await store.swap('k', 'absent', 'x')).toBe(false);
      expect(await store.get('k')).toBeUndefined();
      expect(await store.swap('k', undefined, 'one')).toBe(true);
      expect(await store.swap('k', undefined, 'two')).toBe(false);
      expect(await store.swap('k', 'one', 'two')).toBe(true);
      expect(await store.get('k')).toBe('two');
    });

    test('of concurrent swaps one wins', async () => {
      const swaps = Array.from({ length: 20 }, (_, n) => store.swap('k', undefined, `v${n}`));
      expect((await Promise.all(swaps)).filter((won) => won)).toHaveLength(1);
    });

    test('counts without gaps and without doubles', async () => {
      const counts = await Promise.all(Array.from({ length: 50 }, () => store.next('crl')));
      expect([...counts].sort((a, b) => a - b)).toEqual(
        Array.from({ length: 50 }, (_, n) => n + 1),
      );
      expect(await store.next('other')).toBe(1);
    });

    test('accounts are kept by name and replaced as a whole', async () => {
      const admin = { name: 'admin', passwordHash: 'h1', roles: ['admin', 'mdm'], createdAt: noon };
      await store.putAccount(admin);
      await store.putAccount({ ...admin, name: 'DOMAIN\\user', roles: [] });
      await store.putAccount({ ...admin, passwordHash: 'h2', createdAt: at(1) });
      expect(await store.account('admin')).toEqual({
        ...admin,
        passwordHash: 'h2',
        createdAt: at(1),
      });
      expect((await store.accounts()).map((account) => account.name)).toEqual([
        'DOMAIN\\user',
        'admin',
      ]);
      expect(await store.account('nobody')).toBeUndefined();
    });

    test('tokens are found by digest until they are removed', async () => {
      const token: ApiTokenRecord = {
        id: 't1',
        account: 'mdm',
        digest: 'f'.repeat(64),
        createdAt: noon,
        expiresAt: at(60),
        roles: ['challenge'],
        profiles: ['wifi', 'vpn'],
      };
      const lasting = {
        ...token,
        id: 't2',
        digest: 'e'.repeat(64),
        expiresAt: undefined,
        roles: undefined,
        profiles: undefined,
      };
      await store.putToken(token);
      await store.putToken(lasting);
      expect(await store.tokenByDigest(token.digest)).toEqual(token);
      expect(await store.tokens()).toEqual([token, lasting]);
      await store.putToken({ ...token, account: 'other', roles: [] });
      expect(await store.tokenByDigest(token.digest)).toMatchObject({
        account: 'other',
        roles: [],
      });
      expect(await store.removeToken('t1')).toBe(true);
      expect(await store.removeToken('t1')).toBe(false);
      expect(await store.tokenByDigest(token.digest)).toBeUndefined();
    });
  });
}
