import { describe, expect, test } from '@jest/globals';
import { PublicKey, type RsaKey } from '../../src/x509/index.js';
import type { KeyStore } from '../../src/keys/index.js';
import { testKeyObject } from '../support/keys.js';

/** `open` gives a store over the same state each time it is called within one `run`. */
export interface KeyStoreFixture {
  run(body: (open: () => KeyStore) => Promise<void>): Promise<void>;
}

function pkcs8(name: Parameters<typeof testKeyObject>[0]): string {
  return testKeyObject(name).export({ format: 'pem', type: 'pkcs8' }).toString();
}

async function expectSameKey(actual: RsaKey, expected: RsaKey): Promise<void> {
  const data = Buffer.from('to be signed');
  expect(actual.publicKey.id).toBe(expected.publicKey.id);
  expect(await actual.sign('sha256', data)).toEqual(await expected.sign('sha256', data));
  expect(actual.rejectionSecret()).toEqual(expected.rejectionSecret());
}

export function keyStoreContract(name: string, fixture: KeyStoreFixture): void {
  describe(`${name} as a KeyStore`, () => {
    test('keeps an imported key over a restart', () =>
      fixture.run(async (open) => {
        const imported = await open().import('ca', pkcs8('ca'));
        expect(imported.publicKey.id).toBe(PublicKey.fromKeyObject(testKeyObject('ca')).id);
        await expectSameKey(await open().load('ca'), imported);
      }));

    test.each([2048, 3072] as const)('makes a key of %d bits and keeps it', (bits) =>
      fixture.run(async (open) => {
        const made = await open().generate('ra-sign', bits);
        expect(made.publicKey.description).toBe(`RSA ${bits}`);
        await expectSameKey(await open().load('ra-sign'), made);
      }),
    );

    test('knows what it has', () =>
      fixture.run(async (open) => {
        const store = open();
        expect(await store.has('ca')).toBe(false);
        await store.import('ca', pkcs8('ca'));
        expect(await store.has('ca')).toBe(true);
        expect(await store.has('ra')).toBe(false);
      }));

    test('never overwrites', () =>
      fixture.run(async (open) => {
        const store = open();
        const first = await store.import('ca', pkcs8('ca'));
        const refused = expect.objectContaining({ code: 'keys.exists' });
        await expect(store.import('ca', pkcs8('client'))).rejects.toEqual(refused);
        await expect(store.generate('ca', 2048)).rejects.toEqual(refused);
        await expectSameKey(await open().load('ca'), first);
      }));

    test('of several imports at once one wins', () =>
      fixture.run(async (open) => {
        const names = ['ca', 'client', 'client-2', 'ra-sign'] as const;
        const outcomes = await Promise.allSettled(
          names.map((name) => open().import('ca', pkcs8(name))),
        );
        const won = outcomes.filter((outcome) => outcome.status === 'fulfilled');
        expect(won).toHaveLength(1);
        await expectSameKey(await open().load('ca'), won[0]!.value);
      }));

    test('says that a key is missing', () =>
      fixture.run(async (open) => {
        await expect(open().load('ca')).rejects.toEqual(
          expect.objectContaining({
            code: 'keys.unreadable',
            message: 'The private key ca is missing.',
          }),
        );
      }));

    test('takes RSA keys only', () =>
      fixture.run(async (open) => {
        for (const pem of [pkcs8('client-p-256'), 'no PEM'])
          await expect(open().import('ca', pem)).rejects.toEqual(
            expect.objectContaining({ code: 'config.invalid' }),
          );
        expect(await open().has('ca')).toBe(false);
      }));
  });
}
