import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { der, parseBer, tag } from '../../src/asn1/index.js';
import { isGatewayError } from '../../src/errors/index.js';
import { writeIssuerAndSerial } from '../../src/pkcs7/certificate-identifier.js';
import type { RsaKeyTransport } from '../../src/pkcs7/codec.js';
import { encryptContent } from '../../src/pkcs7/content-encryption.js';
import { writeContentInfo } from '../../src/pkcs7/content-info.js';
import { wrapContentKey } from '../../src/pkcs7/content-key.js';
import { cmsOids, type ContentCipher, type RecipientKey } from '../../src/pkcs7/index.js';
import { keyOids, type Certificate } from '../../src/x509/index.js';
import { envelopeToBer } from '../support/ber.js';
import { selfSigned } from '../support/certificates.js';
import { testKey, type TestKeyName } from '../support/keys.js';
import { damages } from './damage.js';
import { attribute, content } from './odd-signed.js';
import type { MakeCodec } from './codec.contract.js';

const pkcs1: RsaKeyTransport = { kind: 'rsaes-pkcs1-v1_5' };

/** EnvelopedData as `codec.ts` promises it. */
export function envelopedDataContract(name: string, make: MakeCodec): void {
  const codec = make();
  let client: Certificate;
  let raEncrypt: RecipientKey;
  let raSign: RecipientKey;
  let raOld: RecipientKey;

  beforeAll(async () => {
    client = await selfSigned(testKey('client'), { subject: 'CN=device-1,O=Example' });
    raEncrypt = await recipientKey('ra-encrypt');
    raSign = await recipientKey('ra-sign');
    raOld = await recipientKey('ra-old');
  });

  describe(`${name}: EnvelopedData`, () => {
    test('is DER of exactly this shape, with the given random octets', async () => {
      const sizes: number[] = [];
      const predictable = make({
        randomBytes: (size) => {
          sizes.push(size);
          return Buffer.alloc(size, sizes.length);
        },
      });
      const { certificate, key } = raEncrypt;
      const bytes = await predictable.seal(content, 'aes-128-cbc', [to(certificate)]);
      expect(sizes).toEqual([16, 16]);
      const [contentKey, iv] = [Buffer.alloc(16, 1), Buffer.alloc(16, 2)];
      const enveloped = parseBer(bytes).child(1).child(0);
      expect(enveloped.child(0).smallInteger()).toBe(0);
      const info = enveloped.expect(1, tag.set).child(0);
      expect(info.child(0).smallInteger()).toBe(0);
      expect(info.child(1).raw).toEqual(writeIssuerAndSerial(certificate));
      expect(info.child(2).raw.toString('hex')).toBe('300d06092a864886f70d0101010500');
      expect(info.expect(3, tag.octetString).content).toHaveLength(key.publicKey.bits / 8);
      expect(enveloped.child(2).child(2).raw).toEqual(
        der.context(0, encryptContent('aes-128-cbc', contentKey, iv, content)),
      );
    });

    const ciphers: ContentCipher[] = [
      'des-cbc',
      'des-ede3-cbc',
      'aes-128-cbc',
      'aes-192-cbc',
      'aes-256-cbc',
    ];

    test.each(ciphers)('%s in DER and in BER, segmented and not', async (cipher) => {
      const sealed = await codec.seal(content, cipher, [to(raEncrypt.certificate)]);
      const forms = [
        sealed,
        envelopeToBer(sealed, { segment: 100, indefinite: true }),
        envelopeToBer(sealed, { segment: 100, indefinite: false }),
        envelopeToBer(sealed, { segment: 100_000, indefinite: false }),
      ];
      for (const form of forms) {
        const envelope = codec.readEnvelope(form);
        expect(envelope.cipher).toBe(cipher);
        expect(envelope.keyTransports).toEqual([pkcs1]);
        expect(await codec.openEnvelope(envelope, { recipients: [raSign, raEncrypt] })).toEqual({
          content,
          cipher,
          keyTransport: pkcs1,
          recipient: raEncrypt,
        });
      }
    });

    const oaepDigests = ['sha1', 'sha256', 'sha384', 'sha512'] as const;
    const oaeps = oaepDigests.flatMap((digest) =>
      oaepDigests.map((mgfDigest) => ({ kind: 'rsaes-oaep' as const, digest, mgfDigest })),
    );
    test.each(oaeps)('$kind with $digest and MGF1 $mgfDigest comes back', async (oaep) => {
      for (const label of [Buffer.alloc(0), Buffer.from('label')]) {
        const keyTransport = { ...oaep, label };
        const { certificate } = raEncrypt;
        const sealed = await codec.seal(content, 'aes-128-cbc', [
          { kind: 'certificate', certificate, keyTransport },
        ]);
        const opened = await codec.openEnvelope(codec.readEnvelope(sealed), {
          recipients: [raEncrypt],
        });
        expect(opened).toMatchObject({ content, keyTransport, recipient: raEncrypt });
      }
    });

    test('OAEP parameters are written even when all are defaults, as an empty SEQUENCE', async () => {
      const keyTransport = {
        kind: 'rsaes-oaep',
        digest: 'sha1',
        mgfDigest: 'sha1',
        label: Buffer.alloc(0),
      } as const;
      const { certificate } = raEncrypt;
      const sealed = await codec.seal(content, 'aes-128-cbc', [
        { kind: 'certificate', certificate, keyTransport },
      ]);
      const info = parseBer(sealed).child(1).child(0).child(1).child(0);
      expect(info.child(2).raw.toString('hex')).toBe('300d06092a864886f70d0101073000');
    });

    test('a password recipient, alone and beside a certificate', async () => {
      const withPassword = { kind: 'password', password: 'B1946AC92492D234' } as const;
      for (const beside of [[], [to(client)]]) {
        const sealed = await codec.seal(content, 'aes-256-cbc', [...beside, withPassword]);
        expect(parseBer(sealed).child(1).child(0).child(0).smallInteger()).toBe(3);
        const envelope = codec.readEnvelope(sealed);
        const opened = await codec.openEnvelope(envelope, {
          recipients: [],
          password: 'B1946AC92492D234',
        });
        expect(opened).toEqual({
          content,
          cipher: 'aes-256-cbc',
          keyTransport: { kind: 'password' },
          recipient: undefined,
        });
        expect(envelope.describeRecipients().at(-1)).toBe('a password');
      }
    });

    test('bad padding, bad ciphertext and a bad key are one error', async () => {
      const sealed = await codec.seal(content, 'aes-128-cbc', [to(raEncrypt.certificate)]);
      const enveloped = parseBer(sealed).child(1).child(0);
      const encryptedKey = enveloped.child(1).child(0).child(3);
      const encrypted = enveloped.child(2);
      const size = encrypted.child(2).contentEnd - encrypted.child(2).contentStart;
      const places = [
        encrypted.child(2).contentEnd - 1,
        // The last block decrypts to another padding when the one before it changes.
        encrypted.child(2).contentEnd - 17,
        encrypted.child(2).contentEnd - size,
        encryptedKey.contentStart + 20,
        encryptedKey.contentEnd - 1,
      ];
      for (const at of places) {
        const changed = Buffer.from(sealed);
        changed.writeUInt8(changed.readUInt8(at) ^ 0x80, at);
        const opening = codec.openEnvelope(codec.readEnvelope(changed), {
          recipients: [raEncrypt],
        });
        await expect(opening).rejects.toMatchObject({
          code: 'cms.undecryptable',
          message: 'The message cannot be decrypted.',
          detail: undefined,
        });
      }
    });

    test('what is cut, or goes on, is asn1.malformed; another content type cms.malformed', async () => {
      const sealed = await codec.seal(content, 'aes-128-cbc', [to(raEncrypt.certificate)]);
      for (const bytes of [sealed.subarray(0, -1), Buffer.concat([sealed, Buffer.from([0])])])
        expect(() => codec.readEnvelope(bytes)).toThrow(
          expect.objectContaining({ code: 'asn1.malformed' }),
        );
      expect(() => codec.readEnvelope(writeContentInfo(cmsOids.data, der.sequence()))).toThrow(
        expect.objectContaining({ code: 'cms.malformed' }),
      );
    });

    test('several recipients: ours among foreign ones, either of ours', async () => {
      const sealed = await codec.seal(content, 'aes-256-cbc', [
        to(client),
        to(raSign.certificate),
        to(raEncrypt.certificate),
      ]);
      const envelope = codec.readEnvelope(sealed);
      expect(envelope.keyTransports).toHaveLength(3);
      for (const recipient of [raSign, raEncrypt]) {
        const opened = await codec.openEnvelope(envelope, { recipients: [raOld, recipient] });
        expect(opened.recipient).toBe(recipient);
      }
    });

    test('a recipient that names no certificate of ours opens by trying the keys', async () => {
      const renamed = await selfSigned(testKey('ra-old'), { subject: 'CN=somebody else' });
      const sealed = await codec.seal(content, 'aes-128-cbc', [to(client), to(renamed)]);
      const opened = await codec.openEnvelope(codec.readEnvelope(sealed), {
        recipients: [raSign, raEncrypt, raOld],
      });
      expect(opened.recipient).toBe(raOld);
    });

    /** One EnvelopedData with the given recipientInfos. */
    function envelopeWith(
      infos: Buffer[],
      contentKey: Buffer,
      extras: Buffer[][] = [[], []],
    ): Buffer {
      const iv = Buffer.alloc(16);
      return writeContentInfo(
        cmsOids.envelopedData,
        der.sequence(
          der.unsignedInteger(2),
          ...(extras[0] ?? []),
          der.setInOrder(...infos),
          der.sequence(
            der.oid(cmsOids.data),
            der.sequence(der.oid('2.16.840.1.101.3.4.1.2'), der.octetString(iv)),
            der.context(0, encryptContent('aes-128-cbc', contentKey, iv, content)),
          ),
          ...(extras[1] ?? []),
        ),
      );
    }

    function keyTransportInfo(rid: Buffer, recipient: RecipientKey, contentKey: Buffer): Buffer {
      return der.sequence(
        der.unsignedInteger(2),
        rid,
        der.sequence(der.oid(keyOids.rsa)),
        der.octetString(wrapContentKey(recipient.key.publicKey, pkcs1, contentKey)),
      );
    }

    test('subject key identifier, originatorInfo, unprotectedAttrs, kinds we cannot use', async () => {
      const contentKey = Buffer.alloc(16, 4);
      const rid = der.context(0, raEncrypt.key.publicKey.subjectKeyIdentifier);
      const bytes = envelopeWith(
        [
          der.contextConstructed(1, der.nul()),
          der.contextConstructed(2, der.nul()),
          der.contextConstructed(4, der.nul()),
          keyTransportInfo(rid, raEncrypt, contentKey),
        ],
        contentKey,
        [[der.contextConstructed(0)], [der.contextConstructed(1, attribute('1.2.3', der.nul()))]],
      );
      const envelope = codec.readEnvelope(bytes);
      expect(envelope.keyTransports).toEqual([pkcs1]);
      const keyIdentifier = raEncrypt.key.publicKey.subjectKeyIdentifier.toString('hex');
      expect(envelope.describeRecipients()).toEqual([`key identifier ${keyIdentifier}`]);
      const opened = await codec.openEnvelope(envelope, { recipients: [raSign, raEncrypt] });
      expect(opened.recipient).toBe(raEncrypt);
    });

    test('costs at most eight RSA operations, and one where a recipient names us', async () => {
      let operations = 0;
      const counting: RecipientKey = {
        certificate: raOld.certificate,
        key: {
          publicKey: raOld.key.publicKey,
          rejectionSecret: () => raOld.key.rejectionSecret(),
          rawDecrypt: (ciphertext) => {
            operations++;
            return raOld.key.rawDecrypt(ciphertext);
          },
        },
      };
      const contentKey = Buffer.alloc(16, 4);
      const foreign = writeIssuerAndSerial(client);
      const many = Array.from({ length: 20 }, () => keyTransportInfo(foreign, raSign, contentKey));
      const hostile = codec.readEnvelope(envelopeWith(many, contentKey));
      await expect(codec.openEnvelope(hostile, { recipients: [counting] })).rejects.toMatchObject({
        code: 'cms.undecryptable',
      });
      expect(operations).toBe(8);

      operations = 0;
      const ours = keyTransportInfo(writeIssuerAndSerial(raOld.certificate), raOld, contentKey);
      const named = codec.readEnvelope(envelopeWith([...many, ours], contentKey));
      await codec.openEnvelope(named, { recipients: [counting] });
      expect(operations).toBe(1);
    });

    test('a content of more elements than the guard allows, as a long CRL is, opens', async () => {
      const crl = der.sequence(...Array.from({ length: 5000 }, () => der.nul()));
      const sealed = await codec.seal(crl, 'aes-128-cbc', [to(raEncrypt.certificate)]);
      const opened = await codec.openEnvelope(codec.readEnvelope(sealed), {
        recipients: [raEncrypt],
      });
      expect(opened.content).toEqual(crl);
    });

    test('every failure is one error', async () => {
      const sealed = await codec.seal(content, 'aes-128-cbc', [to(raEncrypt.certificate)]);
      const garbage = await codec.seal(Buffer.from('not BER'), 'aes-128-cbc', [
        to(raEncrypt.certificate),
      ]);
      const wrongKey = { certificate: raEncrypt.certificate, key: raSign.key };
      const small = { certificate: raEncrypt.certificate, key: testKey('client-1024') };
      const failures: [Buffer, RecipientKey[], string?][] = [
        [sealed, []],
        [sealed, [raSign]],
        [sealed, [wrongKey]],
        [sealed, [small]],
        [sealed, [], 'password'],
        [garbage, [raEncrypt]],
        [envelopeWith([], Buffer.alloc(16)), [raEncrypt]],
      ];
      const errors = await Promise.all(
        failures.map(([bytes, recipients, password]) =>
          codec
            .openEnvelope(codec.readEnvelope(bytes), {
              recipients,
              ...(password === undefined ? {} : { password }),
            })
            .then(
              () => 'opened',
              (error: unknown) => error,
            ),
        ),
      );
      for (const error of errors)
        expect(error).toMatchObject({
          code: 'cms.undecryptable',
          message: 'The message cannot be decrypted.',
          detail: undefined,
        });
    });

    test('no recipient, or one with an EC key, cannot be sealed to', async () => {
      await expect(codec.seal(content, 'aes-128-cbc', [])).rejects.toMatchObject({
        code: 'cms.recipient',
      });
      const ec = await selfSigned(testKey('client-p-256'));
      await expect(codec.seal(content, 'aes-128-cbc', [to(ec)])).rejects.toMatchObject({
        code: 'cms.recipient',
      });
    });

    test('RC2 is refused by name', () => {
      const bytes = writeContentInfo(
        cmsOids.envelopedData,
        der.sequence(
          der.unsignedInteger(0),
          der.setOf(),
          der.sequence(
            der.oid(cmsOids.data),
            der.sequence(der.oid('1.2.840.113549.3.2'), der.nul()),
            der.context(0, Buffer.alloc(8)),
          ),
        ),
      );
      expect(() => codec.readEnvelope(bytes)).toThrow(
        expect.objectContaining({
          code: 'cms.algorithm',
          message: 'The content cipher is RC2-CBC, which is not supported.',
        }),
      );
    });

    test.each([
      ['a NULL', tag.null],
      ['an INTEGER', tag.integer],
      ['a UTF8String', tag.utf8String],
      ['a context tag', tag.context(0)],
    ])('content with %s among its segments is refused', async (_, other) => {
      const sealed = await codec.seal(content, 'aes-128-cbc', [to(raEncrypt.certificate)]);
      const bytes = envelopeToBer(sealed, { segment: 100, indefinite: false });
      const segments = parseBer(bytes).child(1).child(0).child(2).child(2);
      bytes[segments.child(1).start] = other;
      await expect(
        (async () => codec.openEnvelope(codec.readEnvelope(bytes), { recipients: [raEncrypt] }))(),
      ).rejects.toMatchObject({ class: 'crypto' });
    });

    test('an EnvelopedData damaged anywhere opens or is refused', async () => {
      const bytes = await codec.seal(content, 'aes-128-cbc', [
        to(raEncrypt.certificate),
        { kind: 'password', password: 'x' },
      ]);
      await fc.assert(
        fc.asyncProperty(damages, async (damage) => {
          try {
            const envelope = codec.readEnvelope(damage(bytes));
            const keys = { recipients: [raSign, raEncrypt], password: 'x' };
            const opened = await codec.openEnvelope(envelope, keys);
            expect(['whole', 'asn1.limit']).toContain(formOf(opened.content));
          } catch (error) {
            if (!isGatewayError(error)) throw error;
            expect(error.code).toMatch(
              /^(asn1\.(malformed|limit)|cms\.(malformed|algorithm|undecryptable))$/,
            );
          }
        }),
        { numRuns: 150 },
      );
    });
  });
}

/** What is longer than the guard allows opens too, and is for its reader to judge: a CertRep with a long CRL. */
function formOf(content: Buffer): string {
  try {
    parseBer(content);
    return 'whole';
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    return error.code;
  }
}

async function recipientKey(name: TestKeyName): Promise<RecipientKey> {
  const key = testKey(name);
  return { certificate: await selfSigned(key, { subject: `CN=${name}` }), key };
}

function to(certificate: Certificate): {
  kind: 'certificate';
  certificate: Certificate;
  keyTransport: RsaKeyTransport;
} {
  return { kind: 'certificate', certificate, keyTransport: pkcs1 };
}
