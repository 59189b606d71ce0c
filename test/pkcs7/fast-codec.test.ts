import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { der, parseBer, tag } from '../../src/asn1/index.js';
import { isGatewayError } from '../../src/errors/index.js';
import { writeDigest, writeSignatureAlgorithm } from '../../src/pkcs7/algorithm-identifier.js';
import { writeIssuerAndSerial } from '../../src/pkcs7/certificate-identifier.js';
import type { RsaKeyTransport } from '../../src/pkcs7/codec.js';
import { encryptContent } from '../../src/pkcs7/content-encryption.js';
import { writeContentInfo } from '../../src/pkcs7/content-info.js';
import { wrapContentKey } from '../../src/pkcs7/content-key.js';
import {
  cmsOids,
  createFastCodec,
  type ContentCipher,
  type RecipientKey,
} from '../../src/pkcs7/index.js';
import { Certificate, keyOids } from '../../src/x509/index.js';
import { distinguishedName, selfSigned } from '../support/certificates.js';
import { testKey, type TestKeyName } from '../support/keys.js';
import { inBer } from './ber-form.js';

const codec = createFastCodec();
const content = der.sequence(der.octetString(randomBytes(700)));
const pkcs1: RsaKeyTransport = { kind: 'rsaes-pkcs1-v1_5' };

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

describe('SignedData written', () => {
  const transactionId = { oid: '2.16.840.1.113733.1.9.7', value: der.printableString('t') };

  test('is DER of exactly this shape', async () => {
    const ca = raOld.certificate;
    const key = testKey('client');
    const bytes = await codec.sign({
      content,
      digest: 'sha256',
      attributes: [transactionId],
      signer: { certificate: client, key },
      certificates: [client, ca],
    });
    const node = parseBer(bytes);
    const signedData = node.expect(1, tag.contextConstructed(0)).child(0);
    const [version, digests, encapsulated, certificates, signerInfos] = signedData.children;
    expect(signedData.children).toHaveLength(5);
    expect(version!.smallInteger()).toBe(1);
    expect(digests!.raw).toEqual(der.setOf(writeDigest('sha256')));
    expect(encapsulated!.raw).toEqual(
      der.sequence(der.oid(cmsOids.data), der.contextConstructed(0, der.octetString(content))),
    );
    expect(certificates!.raw).toEqual(der.contextConstructed(0, client.der, ca.der));

    const signerInfo = signerInfos!.child(0);
    expect(signerInfo.child(0).smallInteger()).toBe(1);
    expect(signerInfo.child(1).raw).toEqual(writeIssuerAndSerial(client));
    expect(signerInfo.child(4).raw.toString('hex')).toBe('300d06092a864886f70d0101010500');
    const attributes = signerInfo.expect(3, tag.contextConstructed(0)).children;
    const types = attributes.map((attribute) => attribute.child(0).oid());
    // Shorter ones first: DER compares the length octet too.
    expect(types).toEqual([transactionId.oid, cmsOids.contentType, cmsOids.messageDigest]);
    const raws = attributes.map(({ raw }) => raw);
    expect([...raws].sort((a, b) => Buffer.compare(a, b))).toEqual(raws);
  });

  test('without content leaves eContent out and verifies over nothing', async () => {
    const bytes = await codec.sign({
      content: undefined,
      digest: 'sha1',
      attributes: [transactionId],
      signer: { certificate: client, key: testKey('client') },
      certificates: [],
    });
    const message = codec.readSigned(bytes);
    expect(message.content).toBeUndefined();
    expect(message.certificates).toEqual([]);
    expect(message.signer?.certificate).toBeUndefined();
    expect(message.signer?.digest).toBe('sha1');
    expect(message.signer?.attributes.get(transactionId.oid)?.[0]?.raw).toEqual(
      transactionId.value,
    );
    expect(codec.verifySigned(message, client)).toBe(true);
    expect(codec.verifySigned(message, raSign.certificate)).toBe(false);
  });

  test('another content type makes version 3', async () => {
    const bytes = await codec.sign({
      content,
      contentType: cmsOids.signedData,
      digest: 'sha256',
      attributes: [],
      signer: { certificate: client, key: testKey('client') },
      certificates: [client],
    });
    expect(parseBer(bytes).child(1).child(0).child(0).smallInteger()).toBe(3);
    const message = codec.readSigned(bytes);
    expect(message.contentType).toBe(cmsOids.signedData);
    expect(codec.verifySigned(message, client)).toBe(true);
  });
});

/** A SignedData written field by field, so that single fields can be odd. */
interface OddSigned {
  certificate: Certificate;
  key: TestKeyName;
  identifier?: Buffer;
  signatureAlgorithm?: Buffer;
  /** In this order, unsorted; undefined leaves signedAttrs out. */
  attributes?: Buffer[] | undefined;
  /** What is signed; defaults to the attributes as they stand, or the content. */
  signed?: Buffer;
  contentType?: string;
}

async function oddSigned(odd: OddSigned): Promise<Buffer> {
  const { certificate, attributes, contentType = cmsOids.data } = odd;
  const signed = odd.signed ?? (attributes ? der.setInOrder(...attributes) : content);
  const key = testKey(odd.key);
  const signerInfo = der.sequence(
    der.unsignedInteger(1),
    odd.identifier ?? writeIssuerAndSerial(certificate),
    writeDigest('sha256'),
    ...(attributes ? [der.contextConstructed(0, ...attributes)] : []),
    odd.signatureAlgorithm ?? writeSignatureAlgorithm(key.publicKey, 'sha256'),
    der.octetString(await key.sign('sha256', signed)),
  );
  return writeContentInfo(
    cmsOids.signedData,
    der.sequence(
      der.unsignedInteger(1),
      der.setOf(writeDigest('sha256')),
      der.sequence(der.oid(contentType), der.contextConstructed(0, der.octetString(content))),
      der.contextConstructed(0, certificate.der),
      der.setOf(signerInfo),
    ),
  );
}

function attribute(type: string, ...values: Buffer[]): Buffer {
  return der.sequence(der.oid(type), der.setInOrder(...values));
}

async function sha256(bytes: Buffer): Promise<Buffer> {
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return Buffer.from(digest);
}

describe('SignedData read', () => {
  let messageDigest: Buffer;
  const contentType = attribute(cmsOids.contentType, der.oid(cmsOids.data));
  const nonce = attribute('2.16.840.1.113733.1.9.5', der.octetString(Buffer.alloc(16, 1)));
  beforeAll(async () => {
    messageDigest = attribute(cmsOids.messageDigest, der.octetString(await sha256(content)));
  });

  async function verifies(odd: Omit<OddSigned, 'certificate' | 'key'>): Promise<boolean> {
    const message = codec.readSigned(
      await oddSigned({ certificate: client, key: 'client', ...odd }),
    );
    expect(message.content).toEqual(content);
    return codec.verifySigned(message, client);
  }

  test('unsorted attributes signed as they were sent (P1)', async () => {
    expect(await verifies({ attributes: [nonce, messageDigest, contentType] })).toBe(true);
  });

  test('unsorted attributes of which the sorted form was signed (P1)', async () => {
    const attributes = [nonce, messageDigest, contentType];
    expect(await verifies({ attributes, signed: der.setOf(...attributes) })).toBe(true);
  });

  test.each([
    ['shaNWithRSA with NULL', '300d06092a864886f70d01010b0500', true],
    ['shaNWithRSA without parameters', '300b06092a864886f70d01010b', true],
    ['rsaEncryption without parameters', '300b06092a864886f70d010101', true],
    ['the signature algorithm of another digest', '300d06092a864886f70d0101050500', false],
    ['ECDSA with an RSA key', '300a06082a8648ce3d040302', false],
    ['PSS over a PKCS#1 signature', '300b06092a864886f70d01010a', false],
  ])('%s', async (_name, hex, expected) => {
    const signatureAlgorithm = Buffer.from(hex, 'hex');
    expect(await verifies({ attributes: [contentType, messageDigest], signatureAlgorithm })).toBe(
      expected,
    );
  });

  test('no attributes: the signature covers the content', async () => {
    expect(await verifies({})).toBe(true);
    expect(await verifies({ signed: Buffer.from('something else') })).toBe(false);
  });

  test('messageDigest must be there and right; contentType right where it is there', async () => {
    const otherDigest = attribute(cmsOids.messageDigest, der.octetString(Buffer.alloc(32)));
    const otherType = attribute(cmsOids.contentType, der.oid(cmsOids.signedData));
    const twice = attribute(
      cmsOids.messageDigest,
      der.octetString(await sha256(content)),
      der.nul(),
    );
    expect(await verifies({ attributes: [messageDigest] })).toBe(true);
    expect(await verifies({ attributes: [contentType] })).toBe(false);
    expect(await verifies({ attributes: [contentType, otherDigest] })).toBe(false);
    expect(await verifies({ attributes: [otherType, messageDigest] })).toBe(false);
    expect(await verifies({ attributes: [contentType, twice] })).toBe(false);
    expect(await verifies({ attributes: [] })).toBe(false);
  });

  test('an attribute given twice is malformed', async () => {
    const bytes = await oddSigned({
      certificate: client,
      key: 'client',
      attributes: [contentType, messageDigest, nonce, nonce],
    });
    expect(() => codec.readSigned(bytes)).toThrow(
      expect.objectContaining({
        code: 'cms.malformed',
        detail: 'attribute 2.16.840.1.113733.1.9.5 twice',
      }),
    );
  });

  test('the signer by subject key identifier of its key, primitive or constructed', async () => {
    const id = client.publicKey.subjectKeyIdentifier;
    for (const identifier of [
      der.context(0, id),
      der.contextConstructed(
        0,
        der.octetString(id.subarray(0, 5)),
        der.octetString(id.subarray(5)),
      ),
    ]) {
      const message = codec.readSigned(
        await oddSigned({ certificate: client, key: 'client', identifier }),
      );
      expect(message.signer?.certificate?.der).toEqual(client.der);
      expect(message.signer?.isIdentifiedBy(raSign.certificate)).toBe(false);
    }
  });

  test.each([
    ['negative', '80ff', '80ff'],
    ['with superfluous zeros on one side', '0000000001', '01'],
    ['of 32 octets', '7f'.repeat(32), '7f'.repeat(32)],
  ])('a serial %s, the issuer re-encoded', async (_name, inCertificate, inIdentifier) => {
    const certificate = await selfSigned(testKey('client'), {
      subject: 'CN=device-1,O=Example',
      serial: Buffer.from(inCertificate, 'hex'),
      version: 1,
    });
    const identifier = der.sequence(
      distinguishedName('CN=DEVICE-1,O=example', 'printable'),
      der.integerFromBytes(Buffer.from(inIdentifier, 'hex')),
    );
    const bytes = await oddSigned({ certificate, key: 'client', identifier });
    const message = codec.readSigned(bytes);
    expect(message.signer?.certificate?.der).toEqual(certificate.der);
    expect(codec.verifySigned(message, certificate)).toBe(true);
    expect(writeIssuerAndSerial(certificate)).toEqual(
      der.sequence(certificate.issuer.der, der.integerFromBytes(Buffer.from(inIdentifier, 'hex'))),
    );
  });

  test.each(['definite', 'indefinite'] as const)(
    'BER with segments and %s lengths at every level',
    async (length) => {
      const message = await codec.sign({
        content,
        digest: 'sha512',
        attributes: [{ oid: '2.16.840.1.113733.1.9.5', value: der.octetString(Buffer.alloc(40)) }],
        signer: { certificate: client, key: testKey('client') },
        certificates: [client],
      });
      const ber = codec.readSigned(inBer(message, { segment: 16, length }));
      expect(ber.content).toEqual(content);
      expect(ber.signer?.certificate?.der).toEqual(client.der);
      expect(codec.verifySigned(ber, client)).toBe(true);
    },
  );

  test('a key OpenSSL does not take verifies nothing', async () => {
    const rsaEncryption = der.oid(keyOids.rsa);
    const bytes = Buffer.from(client.der);
    const at = bytes.indexOf(rsaEncryption) + rsaEncryption.length - 1;
    bytes.writeUInt8(0x7f, at);
    const unusable = Certificate.fromDer(bytes);
    expect(unusable.publicKey.kind).toBe('other');
    const message = codec.readSigned(await oddSigned({ certificate: client, key: 'client' }));
    expect(codec.verifySigned(message, unusable)).toBe(false);
  });

  test.each([
    ['another content type', writeContentInfo(cmsOids.data, der.sequence())],
    ['an INTEGER', der.unsignedInteger(1)],
    ['a SignedData without its fields', writeContentInfo(cmsOids.signedData, der.sequence())],
    [
      'a SignedData without signerInfos',
      writeContentInfo(
        cmsOids.signedData,
        der.sequence(der.unsignedInteger(1), der.setOf(), der.sequence(der.oid(cmsOids.data))),
      ),
    ],
    [
      'a certificate that is none',
      writeContentInfo(
        cmsOids.signedData,
        der.sequence(
          der.unsignedInteger(1),
          der.setOf(),
          der.sequence(der.oid(cmsOids.data)),
          der.contextConstructed(0, der.sequence(der.nul())),
          der.setOf(),
        ),
      ),
    ],
  ])('%s is cms.malformed', (_name, bytes) => {
    expect(() => codec.readSigned(bytes)).toThrow(
      expect.objectContaining({
        code: 'cms.malformed',
        message: 'The message is not a well-formed CMS message.',
      }),
    );
  });

  test('a signature algorithm outside the table is cms.algorithm', async () => {
    const bytes = await oddSigned({
      certificate: client,
      key: 'client',
      signatureAlgorithm: der.sequence(der.oid('1.2.840.113549.1.1.14')),
    });
    expect(() => codec.readSigned(bytes)).toThrow(
      expect.objectContaining({
        code: 'cms.algorithm',
        message: 'The signature algorithm is SHA-224 with RSA, which is not supported.',
      }),
    );
  });

  test('a degenerate SignedData has certificates and no signer', () => {
    const bytes = writeContentInfo(
      cmsOids.signedData,
      der.sequence(
        der.unsignedInteger(1),
        der.setOf(),
        // An empty [0] instead of none, as one server writes it (P4).
        der.sequence(der.oid(cmsOids.data), der.contextConstructed(0)),
        der.contextConstructed(0, client.der, der.contextConstructed(1, der.nul())),
        der.contextConstructed(1, der.sequence(der.nul()), der.contextConstructed(1)),
        der.setOf(),
      ),
    );
    const message = codec.readSigned(bytes);
    expect(message.content).toBeUndefined();
    expect(message.signer).toBeUndefined();
    expect(message.certificates.map((certificate) => certificate.der)).toEqual([client.der]);
    expect(message.crls).toEqual([der.sequence(der.nul())]);
    expect(codec.verifySigned(message, client)).toBe(false);
  });
});

describe('EnvelopedData', () => {
  test('is DER of exactly this shape, with the given random octets', async () => {
    const sizes: number[] = [];
    const predictable = createFastCodec({
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
      inBer(sealed, { segment: 100, length: 'indefinite' }),
      inBer(sealed, { segment: 100, length: 'definite' }),
      inBer(sealed, { segment: 100_000, length: 'definite' }),
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
});

describe('mutations', () => {
  const mutation = fc.record({
    at: fc.nat(),
    octet: fc.integer({ min: 0, max: 255 }),
    cut: fc.constantFrom(0, 0, 0, 1, 5),
  });

  function mutate(
    bytes: Buffer,
    { at, octet, cut }: { at: number; octet: number; cut: number },
  ): Buffer {
    const copy = Buffer.from(bytes);
    copy.writeUInt8(octet, at % bytes.length);
    return copy.subarray(0, copy.length - cut);
  }

  test('a SignedData with any octet changed is refused, or verifies only with its content unchanged', async () => {
    const bytes = await oddSigned({ certificate: client, key: 'client' });
    fc.assert(
      fc.property(mutation, (change) => {
        const mutated = mutate(bytes, change);
        try {
          const message = codec.readSigned(mutated);
          if (codec.verifySigned(message, client)) expect(message.content).toEqual(content);
        } catch (error) {
          expect(isGatewayError(error) && error.class).toMatch(/^(crypto|algorithm)$/);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('an EnvelopedData with any octet changed opens or is refused', async () => {
    const bytes = await codec.seal(content, 'aes-128-cbc', [
      to(raEncrypt.certificate),
      { kind: 'password', password: 'x' },
    ]);
    await fc.assert(
      fc.asyncProperty(mutation, async (change) => {
        try {
          const envelope = codec.readEnvelope(mutate(bytes, change));
          const keys = { recipients: [raSign, raEncrypt], password: 'x' };
          const opened = await codec.openEnvelope(envelope, keys);
          expect(() => parseBer(opened.content)).not.toThrow();
        } catch (error) {
          expect(isGatewayError(error) && error.code).toMatch(
            /^(asn1\.(malformed|limit)|cms\.(malformed|algorithm|undecryptable))$/,
          );
        }
      }),
      { numRuns: 300 },
    );
  });
});
