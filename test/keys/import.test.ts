import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { der } from '../../src/asn1/index.js';
import { importPem, importPfx } from '../../src/keys/index.js';
import {
  basicConstraints,
  buildCertificate,
  parseDistinguishedName,
  toPem,
  type Certificate,
} from '../../src/x509/index.js';
import { testKey, testKeyObject, type TestKeyName } from '../support/keys.js';
import { hasOpenssl, runOpenssl } from '../support/openssl.js';

const testOpenssl = hasOpenssl() ? test : test.skip;

function issue(subject: string, key: TestKeyName, issuer: string, issuerKey: TestKeyName) {
  return buildCertificate(
    {
      serial: Buffer.from([1]),
      issuer: parseDistinguishedName(issuer),
      subject: parseDistinguishedName(subject),
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2055-01-01T00:00:00Z'),
      spki: testKey(key).publicKey.spki,
      extensions: [basicConstraints({ ca: true })],
    },
    { key: testKey(issuerKey), digest: 'sha256' },
  );
}

const keyPem = (name: TestKeyName): string =>
  testKeyObject(name).export({ format: 'pem', type: 'pkcs8' }).toString();

let root: Certificate;
let issuing: Certificate;
let scratch: string;

beforeAll(async () => {
  root = await issue('CN=Root', 'ca', 'CN=Root', 'ca');
  issuing = await issue('CN=Müller,O=a\\, b', 'client', 'CN=Root', 'ca');
  scratch = mkdtempSync(join(tmpdir(), 'scep-gateway-import-'));
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const configInvalid = (message: string) =>
  expect.objectContaining({ code: 'config.invalid', message });
const wrongPassphrase = expect.objectContaining({ code: 'keys.passphrase' });

describe('importPem', () => {
  const key = testKeyObject('client');
  const encrypted = { cipher: 'aes-256-cbc', passphrase: 'päss' } as const;

  test.each([
    ['PKCS#8', key.export({ format: 'pem', type: 'pkcs8' }), undefined],
    ['PKCS#1', key.export({ format: 'pem', type: 'pkcs1' }), undefined],
    ['PKCS#8 with a passphrase it does not need', keyPem('client'), 'x'],
    ['encrypted PKCS#8', key.export({ format: 'pem', type: 'pkcs8', ...encrypted }), 'päss'],
    ['encrypted PKCS#1', key.export({ format: 'pem', type: 'pkcs1', ...encrypted }), 'päss'],
  ])('reads %s and orders the chain', (_name, pem, passphrase) => {
    const imported = importPem({
      certificate: `${root.toPem()}\n${issuing.toPem()}`,
      key: pem.toString(),
      passphrase,
    });
    expect(imported.privateKeyPem).toBe(keyPem('client'));
    expect(imported.certificates.map(({ der }) => der)).toEqual([issuing.der, root.der]);
  });

  describe('an encrypted key that asks for much work', () => {
    const pbkdf2 = '1.2.840.113549.1.5.12';
    const scrypt = '1.3.6.1.4.1.11591.4.11';
    const number = (value: bigint) => {
      const hex = value.toString(16);
      return der.unsignedInteger(
        Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex'),
      );
    };
    const salted = (...numbers: bigint[]) =>
      der.sequence(der.octetString(Buffer.alloc(8)), ...numbers.map(number));
    const keyWith = (algorithm: Buffer) =>
      toPem('ENCRYPTED PRIVATE KEY', der.sequence(algorithm, der.octetString(Buffer.alloc(32))));
    const pbes2 = (kdf: string, ...numbers: bigint[]) => {
      const aes = der.sequence(
        der.oid('2.16.840.1.101.3.4.1.42'),
        der.octetString(Buffer.alloc(16)),
      );
      const derivation = der.sequence(der.oid(kdf), salted(...numbers));
      return keyWith(der.sequence(der.oid('1.2.840.113549.1.5.13'), der.sequence(derivation, aes)));
    };
    const oldScheme = (rounds: bigint) =>
      keyWith(der.sequence(der.oid('1.2.840.113549.1.12.1.3'), salted(rounds)));
    const faultOf = (key: string): unknown => {
      try {
        return importPem({ certificate: issuing.toPem(), key, passphrase: 'x' });
      } catch (error) {
        return error;
      }
    };

    test.each([
      [pbes2(pbkdf2, 3_000_001n), '3000001 rounds of its hash, and 3000000 are the most.'],
      [
        pbes2(pbkdf2, 2n ** 63n, 32n),
        '9223372036854775808 rounds of its hash, and 3000000 are the most.',
      ],
      [oldScheme(2n ** 31n - 1n), '2147483647 rounds of its hash, and 3000000 are the most.'],
      [
        pbes2(scrypt, 16_384n, 8n, 33n),
        'scrypt with N · r · p of 4325376, and 4194304 is the most.',
      ],
      [
        pbes2(scrypt, 2n ** 40n, 1n, 1n),
        'scrypt with N · r · p of 1099511627776, and 4194304 is the most.',
      ],
    ])('is not begun', (key, asked) => {
      expect(faultOf(key)).toMatchObject({
        code: 'config.invalid',
        message: `The private key asks for ${asked}`,
        mend: expect.stringContaining('openssl pkcs8 -topk8') as unknown,
      });
    });

    test('is begun up to the bound, whatever comes behind the rounds', () => {
      for (const key of [pbes2(pbkdf2, 2048n, 32n), oldScheme(2048n), pbes2(scrypt, 1024n, 8n, 1n)])
        expect(faultOf(key)).toMatchObject({ code: 'keys.passphrase' });
    });

    test('one that is damaged is told as such', () => {
      for (const bytes of [Buffer.alloc(0), Buffer.from('3003020101', 'hex'), der.sequence()])
        expect(
          faultOf(toPem('ENCRYPTED PRIVATE KEY', bytes.length ? bytes : Buffer.from([0]))),
        ).toMatchObject({
          code: 'config.invalid',
          message: 'The encrypted private key is damaged.',
        });
    });
  });

  test('reads key and certificates from one file', () => {
    const both = root.toPem() + keyPem('ca');
    expect(importPem({ certificate: '', key: both }).certificates).toHaveLength(1);
    expect(importPem({ certificate: both, key: '' }).certificates).toHaveLength(1);
  });

  test.each<[string, () => { certificate: string; key: string; passphrase?: string }, string]>([
    [
      'a key of another certificate',
      () => ({ certificate: issuing.toPem(), key: keyPem('ca') }),
      'The private key belongs to none of the certificates.',
    ],
    ['no key', () => ({ certificate: issuing.toPem(), key: '' }), 'There is no private key.'],
    ['no certificate', () => ({ certificate: '', key: keyPem('ca') }), 'There is no certificate.'],
    [
      'an encrypted key without passphrase',
      () => ({
        certificate: issuing.toPem(),
        key: key.export({ format: 'pem', type: 'pkcs8', ...encrypted }).toString(),
      }),
      'The private key is encrypted.',
    ],
    [
      'a damaged key',
      () => ({
        certificate: issuing.toPem(),
        key: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----',
      }),
      'The private key cannot be read.',
    ],
    [
      'a damaged certificate',
      () => ({
        certificate: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
        key: keyPem('ca'),
      }),
      'A certificate in the PEM file is damaged.',
    ],
    [
      'a file that is cut short',
      () => ({ certificate: '-----BEGIN CERTIFICATE-----\nAAAA', key: keyPem('ca') }),
      'The certificate file is not PEM.',
    ],
  ])('refuses %s', (_name, files, message) => {
    expect(() => importPem(files())).toThrow(configInvalid(message));
  });

  test.each([
    ['PKCS#8', 'pkcs8'],
    ['PKCS#1', 'pkcs1'],
  ] as const)('names a wrong passphrase of encrypted %s', (_name, type) => {
    const pem = key.export({ format: 'pem', type, ...encrypted }).toString();
    expect(() =>
      importPem({ certificate: issuing.toPem(), key: pem, passphrase: 'wrong' }),
    ).toThrow(wrongPassphrase);
  });

  test.each(['pkcs1', 'pkcs8'])('names it where it leaves the padding right: %s', (type) => {
    const pem = readFileSync(`fixtures/keys/wrong-passphrase/${type}.pem`, 'utf8');
    expect(() =>
      importPem({ certificate: issuing.toPem(), key: pem, passphrase: 'wrong' }),
    ).toThrow(wrongPassphrase);
    const files = { certificate: issuing.toPem(), key: pem, passphrase: 'right' };
    expect(importPem(files).certificates).toHaveLength(1);
  });

  test('refuses EC and short RSA keys', async () => {
    const ec = await issue('CN=EC', 'client-p-256', 'CN=EC', 'client-p-256');
    const short = await issue('CN=Short', 'client-1024', 'CN=Short', 'client-1024');
    expect(() => importPem({ certificate: ec.toPem(), key: keyPem('client-p-256') })).toThrow(
      configInvalid('The key is EC P-256.'),
    );
    expect(() => importPem({ certificate: short.toPem(), key: keyPem('client-1024') })).toThrow(
      configInvalid('The key is RSA 1024.'),
    );
  });

  testOpenssl('says what to do about a cipher OpenSSL gave up', () => {
    const file = join(scratch, 'des.pem');
    writeFileSync(join(scratch, 'plain.pem'), keyPem('client'));
    const legacy = ['-provider', 'legacy', '-provider', 'default'];
    runOpenssl([
      ...['pkcs8', '-topk8', '-in', join(scratch, 'plain.pem'), '-v1', 'PBE-MD5-DES'],
      ...['-passout', 'pass:x', '-out', file, ...legacy],
    ]);
    const files = {
      certificate: issuing.toPem(),
      key: readFileSync(file, 'utf8'),
      passphrase: 'x',
    };
    expect(() => importPem(files)).toThrow(
      configInvalid('The private key is encrypted with a cipher that OpenSSL no longer opens.'),
    );
  });
});

describe('importPfx', () => {
  const legacy = ['-legacy'];

  function makePfx(
    name: TestKeyName,
    leaf: Certificate,
    secret: string,
    options: string[],
  ): Buffer {
    const at = (file: string): string => join(scratch, file);
    writeFileSync(at('key.pem'), keyPem(name));
    writeFileSync(at('leaf.pem'), leaf.toPem());
    writeFileSync(at('root.pem'), root.toPem());
    runOpenssl([
      ...['pkcs12', '-export', '-inkey', at('key.pem'), '-in', at('leaf.pem')],
      ...['-certfile', at('root.pem'), '-out', at('out.pfx'), '-passout', `pass:${secret}`],
      ...options,
    ]);
    return readFileSync(at('out.pfx'));
  }

  testOpenssl.each<[string, string, string[]]>([
    ['OpenSSL 3 (AES-256)', 'secret', []],
    ['legacy RC2-40 and 3DES', 'secret', legacy],
    [
      'Windows 3DES',
      'secret',
      ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
    ],
    ['OpenSSL 3 without MAC', 'secret', ['-nomac']],
    ['unencrypted certificates', 'secret', ['-certpbe', 'NONE']],
    ['an empty passphrase', '', []],
    ['a legacy file with an empty passphrase', '', legacy],
    ['a passphrase beyond ASCII', 'pä€ss', []],
    ['a legacy file with a passphrase beyond ASCII', 'pä€ss', legacy],
  ])('reads %s byte for byte', async (_name, secret, options) => {
    const imported = await importPfx(makePfx('client', issuing, secret, options), secret);
    expect(imported.privateKeyPem).toBe(keyPem('client'));
    expect(imported.certificates.map(({ der }) => der)).toEqual([issuing.der, root.der]);
  });

  testOpenssl.each<[string, string[]]>([
    ['OpenSSL 3', []],
    ['legacy', legacy],
    ['a file without MAC', ['-nomac']],
  ])('names a wrong passphrase of %s', async (_name, options) => {
    const pfx = makePfx('client', issuing, 'secret', options);
    for (const wrong of ['wrong', 'wröng', '', undefined])
      await expect(importPfx(pfx, wrong)).rejects.toEqual(wrongPassphrase);
  });

  test('names it where a file without MAC is left with its padding right', async () => {
    const pfx = readFileSync('fixtures/keys/wrong-passphrase/without-mac.pfx');
    await expect(importPfx(pfx, 'wrong1033')).rejects.toEqual(wrongPassphrase);
    await expect(importPfx(pfx, 'right')).resolves.toBeDefined();
  });

  testOpenssl('refuses an EC key, and a file without key', async () => {
    const ec = await issue('CN=EC', 'client-p-256', 'CN=Root', 'ca');
    await expect(importPfx(makePfx('client-p-256', ec, 'x', []), 'x')).rejects.toEqual(
      configInvalid('The key is EC P-256.'),
    );
    await expect(importPfx(makePfx('client', issuing, 'x', ['-nokeys']), 'x')).rejects.toEqual(
      configInvalid('There is no private key.'),
    );
  });

  test.each([
    ['nothing', ''],
    ['PEM', Buffer.from('-----BEGIN').toString('hex')],
    ['another SEQUENCE', '3003020103'],
  ])('refuses %s', async (_name, hex) => {
    await expect(importPfx(Buffer.from(hex, 'hex'), 'x')).rejects.toEqual(
      configInvalid('The PFX file cannot be read.'),
    );
  });
});
