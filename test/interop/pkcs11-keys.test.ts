/** Keys in a SoftHSM token: the same contract as keys in files, and what only a token does. */
import { createPublicKey, privateDecrypt, publicEncrypt, constants, verify } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FileKeyStore, PlacedKeyStore, type KeyStore } from '../../src/keys/index.js';
import { errorReply } from '../../src/http/error-response.js';
import { openTokens, type Token, type Tokens, type TokenSettings } from '../../src/pkcs11/index.js';
import { testKeyObject } from '../support/keys.js';
import type { RsaKey } from '../../src/x509/index.js';
import { keyStoreContract } from '../keys/key-store.contract.js';
import { withDirectory } from '../keys/temporary-directory.js';
import { eventually } from './eventually.js';
import { describeWithPrograms } from './programs.js';
import {
  makeSoftHsm,
  pin,
  remoteModule,
  remoteToken,
  remoteTokenPrograms,
  setEnvironment,
  softHsmModule,
  softHsmPrograms,
  tokenLabel,
  type RemoteToken,
  type SoftHsm,
} from './soft-hsm.js';

const cost = { N: 2 ** 10, r: 8, p: 1 };

function settings(of: Partial<TokenSettings> = {}): TokenSettings {
  return {
    name: 'hsm',
    module: softHsmModule,
    label: tokenLabel,
    sessions: 3,
    timeoutMillis: 20_000,
    readPin: () => Promise.resolve(pin),
    ...of,
  };
}

function storeIn(
  directory: string,
  tokens: Tokens,
  usage: 'sign' | 'sign-and-decrypt' = 'sign-and-decrypt',
): PlacedKeyStore {
  const files = new FileKeyStore(directory, 'passphrase', cost);
  const token = tokens.byName.get('hsm');
  return new PlacedKeyStore(files, tokens.byName, () => ({ token, usage }));
}

describeWithPrograms('keys in SoftHSM', softHsmPrograms, () => {
  let directory: string;
  let hsm: SoftHsm;
  let tokens: Tokens;
  let token: Token;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'scep-gateway-hsm-'));
    hsm = await makeSoftHsm(directory);
    await setEnvironment(hsm.environment);
    tokens = await openTokens([settings()]);
    token = tokens.byName.get('hsm')!;
  }, 60_000);
  afterAll(async () => {
    await tokens.close();
    await rm(directory, { recursive: true, force: true });
  });

  keyStoreContract('PlacedKeyStore on SoftHSM', {
    run: (body) => withDirectory((files) => body((): KeyStore => storeIn(files, tokens))),
  });

  test('signs and opens as the same key in software does', () =>
    withDirectory(async (files) => {
      const software = testKeyObject('ra-encrypt');
      const pem = software.export({ format: 'pem', type: 'pkcs8' }).toString();
      const key = await storeIn(files, tokens).import('ra', pem);
      const data = Buffer.from('to be signed');
      for (const digest of ['md5', 'sha1', 'sha256', 'sha384', 'sha512'] as const) {
        const signature = await key.sign(digest, data);
        expect(verify(digest, data, createPublicKey(software), signature)).toBe(true);
      }
      const padding = constants.RSA_NO_PADDING;
      const secret = publicEncrypt(
        { key: createPublicKey(software), padding: constants.RSA_PKCS1_PADDING },
        Buffer.alloc(32, 9),
      );
      const octets = (n: bigint) => Buffer.from(n.toString(16).padStart(512, '0'), 'hex');
      const { n = '' } = createPublicKey(software).export({ format: 'jwk' });
      const modulus = BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`);
      for (const ciphertext of [secret, octets(2n), octets(modulus - 2n)]) {
        const raw = await key.rawDecrypt(ciphertext);
        expect(raw).toEqual(privateDecrypt({ key: software, padding }, ciphertext));
        expect(raw).toHaveLength(256);
      }
      const edges = [0n, 1n, modulus - 1n, modulus].map(octets);
      const lengths = [Buffer.alloc(255, 2), Buffer.alloc(257, 2)];
      for (const outOfRange of [...edges, ...lengths, Buffer.alloc(256, 0xff)])
        await expect(key.rawDecrypt(outOfRange)).rejects.toThrow(
          new RangeError('ciphertext out of range'),
        );
    }));

  test('many at once share the sessions', () =>
    withDirectory(async (files) => {
      const key = await storeIn(files, tokens).import(
        'ca',
        testKeyObject('ca').export({ format: 'pem', type: 'pkcs8' }).toString(),
      );
      const data = Buffer.from('x');
      const signatures = await Promise.all(
        Array.from({ length: 40 }, () => key.sign('sha256', data)),
      );
      for (const signature of signatures)
        expect(verify('sha256', data, key.publicKey.keyObject, signature)).toBe(true);
    }));

  test('a key that is made stays in the token and is not handed out', () =>
    withDirectory(async (files) => {
      await storeIn(files, tokens, 'sign').generate('guarded-ca-1', 2048);
      const listed = await hsm.tool(
        '--list-objects',
        '--type',
        'privkey',
        '--label',
        'guarded-ca-1',
      );
      expect(listed).toMatch(/Usage: +sign\n/);
      expect(listed).toMatch(/Access: +sensitive, always sensitive, never extractable, local/);
    }));

  test('a key that is there is found by label or id, and nothing of it is copied', () =>
    withDirectory(async (files) => {
      await hsm.tool(
        '--keypairgen',
        '--key-type',
        'rsa:2048',
        '--label',
        'ceremony',
        '--id',
        '0a0b',
        '--usage-sign',
        '--usage-decrypt',
      );
      const store = storeIn(files, tokens);
      const byLabel = await store.adopt('a', token, { label: 'ceremony' });
      const byId = await store.adopt('b', token, { id: '0a0b' });
      expect(byId.publicKey.id).toBe(byLabel.publicKey.id);
      expect((await storeIn(files, tokens).load('a')).publicKey.id).toBe(byId.publicKey.id);
      await expect(store.adopt('a', token, { id: '0a0b' })).rejects.toMatchObject({
        code: 'keys.exists',
      });
      await expect(store.adopt('c', token, { label: 'nobody' })).rejects.toMatchObject({
        code: 'keys.token',
        message: 'The token hsm has no RSA private key with the label "nobody".',
      });
      // The same label twice: a wrong key would sign.
      await hsm.tool('--keypairgen', '--key-type', 'rsa:2048', '--label', 'ceremony', '--id', '0c');
      await expect(store.adopt('d', token, { label: 'ceremony' })).rejects.toMatchObject({
        code: 'keys.token',
        message: 'The token hsm has several RSA keys with the label "ceremony".',
      });
    }));

  test('another key under the same name is not taken for the one that was there', () =>
    withDirectory(async (files) => {
      const make = [
        '--keypairgen',
        '--key-type',
        'rsa:2048',
        '--label',
        'swapped',
        '--id',
        '11',
        '--usage-sign',
        '--usage-decrypt',
      ];
      await hsm.tool(...make);
      await storeIn(files, tokens).adopt('a', token, { label: 'swapped' });
      for (const type of ['privkey', 'pubkey'])
        await hsm.tool('--delete-object', '--type', type, '--label', 'swapped');
      await expect(storeIn(files, tokens).load('a')).rejects.toMatchObject({
        code: 'keys.token',
        message: 'The token hsm has no RSA private key with the label "swapped".',
      });
      await hsm.tool(...make);
      await expect(storeIn(files, tokens).load('a')).rejects.toMatchObject({
        code: 'keys.token',
        message: 'The token hsm has another key with the label "swapped" than before.',
      });
    }));

  test('a key that may not open messages is none for an RA', () =>
    withDirectory(async (files) => {
      await storeIn(files, tokens, 'sign').generate('signs', 2048);
      await expect(
        storeIn(files, tokens).adopt('ra', token, { label: 'signs' }),
      ).rejects.toMatchObject({
        code: 'keys.token',
        mend: expect.stringContaining('Keep RA keys in files') as unknown,
      });
      const key = await storeIn(files, tokens, 'sign').adopt('ca', token, { label: 'signs' });
      expect(await key.sign('sha256', Buffer.from('x'))).toHaveLength(256);
      await expect(key.rawDecrypt(Buffer.alloc(256, 2))).rejects.toMatchObject({
        code: 'keys.token',
      });
      expect(() => key.rejectionSecret()).toThrow(expect.objectContaining({ code: 'keys.token' }));
    }));

  describe('opening', () => {
    test('a token that is not there: the detail says which are, and devices do not hear it', async () => {
      const fault = await openTokens([settings({ label: 'other' })]).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(fault).toMatchObject({
        code: 'keys.unavailable',
        message: 'The token hsm is not there.',
        detail: expect.stringContaining(
          `${softHsmModule} shows none with label "other"; it shows "${tokenLabel}" (serial `,
        ) as unknown,
      });
      const { body } = errorReply(fault, 'REFERENCE', 'text');
      expect(body).toContain('The token hsm is not there.');
      expect(body).not.toContain(softHsmModule);
      expect(body).not.toContain(tokenLabel);
    });

    test('a module that is none', async () => {
      await expect(
        openTokens([settings({ module: '/nowhere/libpkcs11.so' })]),
      ).rejects.toMatchObject({ code: 'keys.module' });
      await expect(openTokens([settings({ module: 'libc.so.6' })])).rejects.toMatchObject({
        code: 'keys.module',
        detail: 'it has no C_GetFunctionList',
      });
    });
  });
});

describeWithPrograms('a token behind a server', remoteTokenPrograms, () => {
  let directory: string;
  let remote: RemoteToken;
  let tokens: Tokens;
  let signing: RsaKey;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'scep-gateway-hsm-'));
    remote = remoteToken(await makeSoftHsm(directory), directory);
    await setEnvironment(remote.environment);
    await remote.start();
    tokens = await openTokens([settings({ module: remoteModule })]);
    signing = await storeIn(directory, tokens).generate('ca', 2048);
  }, 60_000);
  afterAll(async () => {
    await tokens.close();
    await remote.kill();
    await rm(directory, { recursive: true, force: true });
  });

  const data = Buffer.from('to be signed');
  const message = Buffer.concat([Buffer.alloc(1), Buffer.alloc(255, 3)]);
  const away = { code: 'keys.unavailable', retryAfterSeconds: 10 };

  /** Eight operations at once, on three sessions. */
  async function use(): Promise<void> {
    const all = await Promise.all(
      Array.from({ length: 4 }, () =>
        Promise.all([signing.sign('sha256', data), signing.rawDecrypt(message)]),
      ),
    );
    for (const [signature, opened] of all) {
      expect(verify('sha256', data, signing.publicKey.keyObject, signature)).toBe(true);
      expect(opened).toEqual(all[0]![1]);
    }
  }

  test('works, goes, and is back without anybody doing anything', async () => {
    for (let round = 0; round < 3; round++) {
      await use();
      await remote.kill();
      await expect(signing.sign('sha256', data)).rejects.toMatchObject(away);
      await expect(signing.rawDecrypt(message)).rejects.toMatchObject(away);
      await remote.start();
      await eventually('the token to be back', async () => {
        try {
          await use();
          return true;
        } catch (error) {
          expect(error).toMatchObject(away);
          return undefined;
        }
      });
    }
  }, 60_000);

  test('is restarted between two operations, and neither notices', async () => {
    await use();
    await remote.kill();
    await remote.start();
    await use();
  });
});

describeWithPrograms('a PIN that is wrong', softHsmPrograms, () => {
  test('is tried once and never again, until it is another', () =>
    withDirectory(async (directory) => {
      const hsm = await makeSoftHsm(directory);
      await setEnvironment(hsm.environment);
      let current: string | undefined = '0000';
      let reads = 0;
      const readPin = () => {
        reads += 1;
        return Promise.resolve(current);
      };
      await expect(openTokens([settings({ readPin })])).rejects.toMatchObject({
        code: 'keys.pin',
        message: 'The token hsm refuses the PIN.',
        detail: 'C_Login returned CKR_PIN_INCORRECT',
      });
      expect(reads).toBe(1);
      current = undefined;
      await expect(openTokens([settings({ readPin })])).rejects.toMatchObject({
        code: 'keys.pin',
        message: 'The token hsm wants a PIN.',
      });
      current = pin;
      const tokens = await openTokens([settings({ readPin })]);
      await tokens.close();
    }));
});
