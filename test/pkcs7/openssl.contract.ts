import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { der } from '../../src/asn1/index.js';
import type { RsaKeyTransport } from '../../src/pkcs7/codec.js';
import type { ContentCipher, RecipientKey } from '../../src/pkcs7/index.js';
import { extensionOids, type Certificate } from '../../src/x509/index.js';
import { selfSigned } from '../support/certificates.js';
import { testKey, testKeyObject, type TestKeyName } from '../support/keys.js';
import { hasOpenssl } from '../support/openssl.js';
import { OpensslCms } from './openssl-cms.js';

import type { MakeCodec } from './codec.contract.js';

/** Long enough for several segments of a streamed message. */
const content = der.sequence(der.octetString(randomBytes(9000)));
const cms = new OpensslCms();
afterAll(() => {
  cms.remove();
});
/** Not the hash of any key: the extension has the word. */
const keyId = der.octetString(Buffer.from('0a1b2c3d', 'hex'));
const certificates = new Map<TestKeyName, Certificate>();

const ciphersOnCli: readonly [ContentCipher, string][] = [
  ['des-ede3-cbc', '-des3'],
  ['aes-128-cbc', '-aes-128-cbc'],
  ['aes-192-cbc', '-aes-192-cbc'],
  ['aes-256-cbc', '-aes-256-cbc'],
];

const describeWithOpenssl = hasOpenssl() ? describe : describe.skip;

/** Both ways against `openssl cms`; where there is none, nothing. */
export function opensslContract(name: string, make: MakeCodec): void {
  const codec = make();

  beforeAll(async () => {
    for (const name of ['client', 'ra-encrypt', 'client-p-256', 'client-p-521'] as const)
      certificates.set(
        name,
        await selfSigned(testKey(name), {
          subject: `CN=${name},O=Example`,
          extensions: [{ oid: extensionOids.subjectKeyIdentifier, critical: false, value: keyId }],
        }),
      );
  });

  describeWithOpenssl(`${name}: openssl cms -sign`, () => {
    const pss = ['-keyopt', 'rsa_padding_mode:pss'];
    test.each<[string, TestKeyName, string[]]>([
      ['SHA-256', 'client', []],
      ['SHA-1', 'client', ['-md', 'sha1']],
      ['MD5', 'client', ['-md', 'md5']],
      ['SHA-512 and a subject key identifier', 'client', ['-md', 'sha512', '-keyid']],
      ['no attributes', 'client', ['-noattr']],
      ['BER with segments', 'client', ['-stream']],
      ['BER and no attributes', 'client', ['-stream', '-noattr']],
      ['PSS', 'client', pss],
      [
        'PSS with SHA-384 and salt 10',
        'client',
        ['-md', 'sha384', ...pss, '-keyopt', 'rsa_pss_saltlen:10'],
      ],
      ['ECDSA P-256', 'client-p-256', []],
      ['ECDSA P-521 with SHA-512', 'client-p-521', ['-md', 'sha512']],
    ])('%s is read and verified', (_label, key, options) => {
      // -keyopt belongs to the -signer in front of it.
      const args = ['-sign', '-binary', '-nodetach', '-outform', 'DER', ...signer(key), ...options];
      const message = codec.readSigned(cms.run(content, ...args));
      const certificate = message.signer?.certificate;
      expect(message.contentType).toBe('1.2.840.113549.1.7.1');
      expect(message.content).toEqual(content);
      expect(certificate?.der).toEqual(certificateOf(key).der);
      expect(codec.verifySigned(message, certificateOf(key))).toBe(true);
      expect(codec.verifySigned(message, certificateOf('ra-encrypt'))).toBe(false);
    });

    test('without certificates the signer is known by its certificate from elsewhere', () => {
      const args = ['-sign', '-binary', '-nodetach', '-nocerts', '-outform', 'DER'];
      const message = codec.readSigned(cms.run(content, ...args, ...signer('client')));
      expect(message.certificates).toEqual([]);
      expect(message.signer?.certificate).toBeUndefined();
      expect(message.signer?.isIdentifiedBy(certificateOf('client'))).toBe(true);
      expect(message.signer?.isIdentifiedBy(certificateOf('ra-encrypt'))).toBe(false);
      expect(codec.verifySigned(message, certificateOf('client'))).toBe(true);
    });

    test('of two signers the first speaks', () => {
      const args = ['-sign', '-binary', '-nodetach', '-outform', 'DER'];
      const both = [...signer('client'), ...signer('client-p-256')];
      const message = codec.readSigned(cms.run(content, ...args, ...both));
      expect(message.certificates).toHaveLength(2);
      expect(codec.verifySigned(message, message.signer!.certificate!)).toBe(true);
    });
  });

  describeWithOpenssl(`${name}: openssl cms -verify`, () => {
    test.each<[TestKeyName, 'sha1' | 'sha256' | 'sha512']>([
      ['client', 'sha1'],
      ['client', 'sha256'],
      ['client', 'sha512'],
      ['client-p-256', 'sha256'],
      ['client-p-521', 'sha512'],
    ])('takes what %s signed with %s', async (key, digest) => {
      const signed = await codec.sign({
        content,
        digest,
        attributes: [
          { oid: '2.16.840.1.113733.1.9.2', value: der.printableString('3') },
          { oid: '2.16.840.1.113733.1.9.7', value: der.printableString('transaction') },
        ],
        signer: { certificate: certificateOf(key), key: testKey(key) },
        certificates: [certificateOf(key)],
      });
      const args = ['-verify', '-binary', '-inform', 'DER', '-noverify'];
      expect(cms.run(signed, ...args)).toEqual(content);
    });
  });

  describeWithOpenssl(`${name}: openssl cms -encrypt`, () => {
    function ours(): RecipientKey[] {
      return [{ certificate: certificateOf('ra-encrypt'), key: testKey('ra-encrypt') }];
    }
    const oaepOption = ['-keyopt', 'rsa_padding_mode:oaep'];
    const sha256 = ['-keyopt', 'rsa_oaep_md:sha256'];

    test.each<[string, ContentCipher, string[], Partial<RsaKeyTransport>]>([
      ...ciphersOnCli.flatMap(([cipher, option]): [string, ContentCipher, string[], object][] => [
        [cipher, cipher, [option], { kind: 'rsaes-pkcs1-v1_5' }],
        [`${cipher} in BER`, cipher, [option, '-stream'], { kind: 'rsaes-pkcs1-v1_5' }],
      ]),
      ['a subject key identifier', 'aes-128-cbc', ['-aes-128-cbc', '-keyid'], {}],
      [
        'OAEP',
        'aes-128-cbc',
        ['-aes-128-cbc'],
        { kind: 'rsaes-oaep', digest: 'sha1', mgfDigest: 'sha1' },
      ],
      [
        'OAEP with SHA-256',
        'aes-256-cbc',
        ['-aes-256-cbc'],
        { digest: 'sha256', mgfDigest: 'sha256' },
      ],
      [
        'OAEP with SHA-256 and MGF1 SHA-1',
        'aes-256-cbc',
        ['-aes-256-cbc'],
        { digest: 'sha256', mgfDigest: 'sha1' },
      ],
    ])('%s is opened', async (label, cipher, options, transport) => {
      const mgf = ['-keyopt', `rsa_mgf1_md:${label.endsWith('SHA-1') ? 'sha1' : 'sha256'}`];
      const oaep = label.includes('SHA-256') ? [...oaepOption, ...sha256, ...mgf] : oaepOption;
      const args = ['-encrypt', '-binary', '-outform', 'DER', ...options];
      const keyOptions = label.startsWith('OAEP') ? oaep : [];
      const sealed = cms.run(content, ...args, '-recip', path('ra-encrypt'), ...keyOptions);
      const envelope = codec.readEnvelope(sealed);
      expect(envelope.cipher).toBe(cipher);
      expect(envelope.keyTransports).toMatchObject([transport]);
      const opened = await codec.openEnvelope(envelope, { recipients: ours() });
      expect(opened.content).toEqual(content);
      expect(opened.cipher).toBe(cipher);
      expect(opened.keyTransport).toMatchObject(transport);
      expect(opened.recipient?.certificate).toBe(certificateOf('ra-encrypt'));
    });

    test('a key agreement recipient beside ours is passed over', async () => {
      const args = ['-encrypt', '-binary', '-outform', 'DER', '-aes-128-cbc'];
      const both = ['-recip', path('client-p-256'), '-recip', path('ra-encrypt')];
      const envelope = codec.readEnvelope(cms.run(content, ...args, ...both));
      expect(envelope.keyTransports).toEqual([{ kind: 'rsaes-pkcs1-v1_5' }]);
      expect((await codec.openEnvelope(envelope, { recipients: ours() })).content).toEqual(content);
    });

    test.each(ciphersOnCli)('%s under a password is opened', async (cipher, option) => {
      const args = ['-encrypt', '-binary', '-outform', 'DER', option];
      const sealed = cms.run(content, ...args, '-pwri_password', 'B1946AC92492D234');
      const envelope = codec.readEnvelope(sealed);
      expect(envelope.keyTransports).toEqual([{ kind: 'password' }]);
      const keys = { recipients: [], password: 'B1946AC92492D234' };
      expect(await codec.openEnvelope(envelope, keys)).toEqual({
        content,
        cipher,
        keyTransport: { kind: 'password' },
        recipient: undefined,
      });
      await expect(
        codec.openEnvelope(envelope, { recipients: [], password: 'B1946AC92492D235' }),
      ).rejects.toMatchObject({ code: 'cms.undecryptable' });
    });
  });

  describeWithOpenssl(`${name}: openssl cms -decrypt`, () => {
    const transports: readonly RsaKeyTransport[] = [
      { kind: 'rsaes-pkcs1-v1_5' },
      { kind: 'rsaes-oaep', digest: 'sha1', mgfDigest: 'sha1', label: Buffer.alloc(0) },
      { kind: 'rsaes-oaep', digest: 'sha256', mgfDigest: 'sha256', label: Buffer.alloc(0) },
      { kind: 'rsaes-oaep', digest: 'sha256', mgfDigest: 'sha1', label: Buffer.from('label') },
    ];

    test.each(ciphersOnCli.flatMap(([cipher]) => transports.map((by) => [cipher, by] as const)))(
      'opens %s under %j',
      async (cipher, keyTransport) => {
        const certificate = certificateOf('client');
        const sealed = await codec.seal(content, cipher, [
          { kind: 'certificate', certificate, keyTransport },
        ]);
        const args = ['-decrypt', '-binary', '-inform', 'DER', ...recipient('client')];
        expect(cms.run(sealed, ...args)).toEqual(content);
      },
    );

    test.each(ciphersOnCli)('opens %s under a password', async (cipher) => {
      const sealed = await codec.seal(content, cipher, [{ kind: 'password', password: 'Geheim' }]);
      const args = ['-decrypt', '-binary', '-inform', 'DER', '-pwri_password', 'Geheim'];
      expect(cms.run(sealed, ...args)).toEqual(content);
    });
  });
}

function certificateOf(name: TestKeyName): Certificate {
  const certificate = certificates.get(name);
  if (certificate === undefined) throw new Error(`no certificate for ${name}`);
  return certificate;
}

function signer(name: TestKeyName): string[] {
  return ['-signer', path(name), '-inkey', cms.key(name, testKeyObject(name))];
}

function recipient(name: TestKeyName): string[] {
  return ['-recip', path(name), '-inkey', cms.key(name, testKeyObject(name))];
}

function path(name: TestKeyName): string {
  return cms.certificate(name, certificateOf(name));
}
