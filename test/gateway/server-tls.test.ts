/** What is looked at in the files of a TLS connection to a server of `data`. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { der } from '../../src/asn1/index.js';
import { serverTls } from '../../src/gateway/server-tls.js';
import { toPem } from '../../src/x509/index.js';
import { testKeyObject } from '../support/keys.js';
import { remove, temporaryFolder } from './running.js';

const passphrase = 'correct horse';
const plain = testKeyObject('client').export({ format: 'pem', type: 'pkcs8' }).toString();
const encrypted = testKeyObject('client')
  .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase })
  .toString();
/** PBES2 by PBKDF2 and AES: OpenSSL would be at it for some ten seconds, and takes 2^63 rounds as well. */
const slow = toPem(
  'ENCRYPTED PRIVATE KEY',
  der.sequence(
    der.sequence(
      der.oid('1.2.840.113549.1.5.13'),
      der.sequence(
        der.sequence(
          der.oid('1.2.840.113549.1.5.12'),
          der.sequence(der.octetString(Buffer.alloc(8)), der.unsignedInteger(30_000_000)),
        ),
        der.sequence(der.oid('2.16.840.1.101.3.4.1.42'), der.octetString(Buffer.alloc(16))),
      ),
    ),
    der.octetString(Buffer.alloc(32)),
  ),
);
const note = '-----BEGIN NOTE-----\nof the old key: *gone*\n-----END NOTE-----\n';
const remark = '# -----BEGIN of old key was removed-----\n';

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => remove(folder));

async function withKey(text: string, secret: string = passphrase) {
  const key = join(folder, 'client.key');
  await writeFile(key, text);
  return serverTls(
    { host: 'db.corp.example', tls: { mode: 'verify', key, passphrase: { env: 'PASSPHRASE' } } },
    'data.redis',
    () => Promise.resolve(secret),
  );
}

test.each([
  ['a key', plain],
  ['an encrypted key', encrypted],
  ['a note that is not base64, and a key', note + plain],
  ['a note that is not base64, and an encrypted key', note + encrypted],
  ['a comment that looks like a beginning, and a key', remark + plain],
  ['a comment that looks like a beginning, and an encrypted key', remark + encrypted],
])('what OpenSSL takes is taken: %s', async (_what, text) => {
  const options = await withKey(text);
  expect(options).toMatchObject({ key: Buffer.from(text), passphrase });
  expect(() => createSecureContext({ key: text, passphrase })).not.toThrow();
});

test.each([
  ['alone', ''],
  ['behind a note', note],
  ['behind a comment', remark],
  ['behind a comment that names it', '# -----BEGIN ENCRYPTED PRIVATE KEY----- is below\n'],
])('a key whose passphrase would be hashed too often is refused: %s', async (_where, before) => {
  await expect(withKey(before + slow)).rejects.toMatchObject({
    code: 'config.invalid',
    message: expect.stringMatching(/^data\.redis\.tls\.key: .* rounds /) as unknown,
  });
});

test.each([
  ['no key', note],
  ['half a key', plain.slice(0, 600)],
  ['a damaged key', encrypted.replace(/\n.{20}/, '\n*')],
])('what OpenSSL does not take is told with its place: %s', async (_what, text) => {
  await expect(withKey(text)).rejects.toMatchObject({
    code: 'config.invalid',
    message: expect.stringMatching(/^data\.redis\.tls\.key .*client\.key/) as unknown,
  });
});

test('a passphrase that does not open the key is told with its place', async () => {
  const fault: unknown = await withKey(encrypted, 'wrong horse').catch((error: unknown) => error);
  expect(fault).toMatchObject({
    code: 'config.invalid',
    message: expect.stringMatching(/^data\.redis\.tls\.key .*client\.key/) as unknown,
    mend: expect.stringContaining('passphrase') as unknown,
  });
  expect(String(fault)).not.toContain('horse');
});
