import { constants, sign as signWith } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { der, parseBer, tag } from '../../src/asn1/index.js';
import { isGatewayError } from '../../src/errors/index.js';
import { writeDigest } from '../../src/pkcs7/algorithm-identifier.js';
import { writeIssuerAndSerial } from '../../src/pkcs7/certificate-identifier.js';
import { writeContentInfo } from '../../src/pkcs7/content-info.js';
import { cmsOids, type DigestAlgorithm } from '../../src/pkcs7/index.js';
import { Certificate, keyOids } from '../../src/x509/index.js';
import { signedToBer } from '../support/ber.js';
import { distinguishedName, selfSigned } from '../support/certificates.js';
import { testKey, testKeyObject, type TestKeyName } from '../support/keys.js';
import { damages } from './damage.js';
import { attribute, content, oddSigned, sha256, type OddSigned } from './odd-signed.js';
import type { MakeCodec } from './codec.contract.js';

/** SignedData as `codec.ts` promises it: what is written, what is read, what is verified. */
export function signedDataContract(name: string, make: MakeCodec): void {
  const codec = make();
  let client: Certificate;
  let other: Certificate;

  beforeAll(async () => {
    client = await selfSigned(testKey('client'), { subject: 'CN=device-1,O=Example' });
    other = await selfSigned(testKey('ra-sign'), { subject: 'CN=ra-sign' });
  });

  describe(`${name}: SignedData written`, () => {
    const transactionId = { oid: '2.16.840.1.113733.1.9.7', value: der.printableString('t') };

    test('is DER of exactly this shape', async () => {
      const ca = other;
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
      expect(codec.verifySigned(message, other)).toBe(false);
    });

    const digestNames: DigestAlgorithm[] = ['md5', 'sha1', 'sha256', 'sha384', 'sha512'];
    const keyNames: TestKeyName[] = ['client-1024', 'client', 'client-p-256', 'client-p-521'];
    const pairs = keyNames
      .flatMap((key) => digestNames.map((digest) => ({ key, digest })))
      // There is no OID for ECDSA with MD5.
      .filter(({ key, digest }) => digest !== 'md5' || !key.includes('-p-'));

    test.each(pairs)('$digest signed by $key comes back', async ({ key, digest }) => {
      const certificate = await selfSigned(testKey(key), { subject: `CN=${key}` });
      const signer = { certificate, key: testKey(key) };
      const attributes = [transactionId];
      const certificates = [other, certificate];
      const message = codec.readSigned(
        await codec.sign({ content, digest, attributes, signer, certificates }),
      );
      expect(message.content).toEqual(content);
      expect(message.contentType).toBe(cmsOids.data);
      expect(message.certificates.map(({ der: bytes }) => bytes)).toEqual([
        other.der,
        certificate.der,
      ]);
      expect(message.signer?.certificate).toBe(message.certificates[1]);
      expect(message.signer?.digest).toBe(digest);
      expect(message.signer?.attributes.get(transactionId.oid)?.[0]?.raw).toEqual(
        transactionId.value,
      );
      expect(codec.verifySigned(message, certificate)).toBe(true);
    });

    test('an empty content is not an absent one', async () => {
      const signer = { certificate: client, key: testKey('client') };
      const empty = Buffer.alloc(0);
      const request = { digest: 'sha256', attributes: [], signer, certificates: [] } as const;
      const message = codec.readSigned(await codec.sign({ ...request, content: empty }));
      expect(message.content).toEqual(empty);
      expect(codec.verifySigned(message, client)).toBe(true);
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

  describe(`${name}: SignedData read`, () => {
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
        expect(message.signer?.isIdentifiedBy(other)).toBe(false);
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
        der.sequence(
          certificate.issuer.der,
          der.integerFromBytes(Buffer.from(inIdentifier, 'hex')),
        ),
      );
    });

    test.each([
      { indefinite: true, segment: 16 },
      { indefinite: false, segment: 16 },
      { indefinite: true, segment: 0 },
    ])('BER at every level, %j', async (form) => {
      const message = await codec.sign({
        content,
        digest: 'sha512',
        attributes: [{ oid: '2.16.840.1.113733.1.9.5', value: der.octetString(Buffer.alloc(40)) }],
        signer: { certificate: client, key: testKey('client') },
        certificates: [client],
      });
      const ber = codec.readSigned(signedToBer(message, form));
      expect(ber.content).toEqual(content);
      expect(ber.signer?.certificate?.der).toEqual(client.der);
      expect(ber.signer?.attributes.get('2.16.840.1.113733.1.9.5')?.[0]?.octets()).toEqual(
        Buffer.alloc(40),
      );
      expect(codec.verifySigned(ber, client)).toBe(true);
    });

    test('an expired signer verifies: dates are the business of the caller', async () => {
      const notAfter = new Date('2021-01-01T00:00:00Z');
      const expired = await selfSigned(testKey('client'), { notAfter });
      const message = codec.readSigned(await oddSigned({ certificate: expired, key: 'client' }));
      expect(codec.verifySigned(message, message.signer!.certificate!)).toBe(true);
    });

    test.each([
      ['SHA-256, salt 32', 'sha256', 32, true],
      ['SHA-512, salt 20', 'sha512', 20, true],
      ['another salt length than named', 'sha256', 20, false],
    ] as const)('PSS: %s', async (_name, digest, salt, expected) => {
      const named = expected ? salt : 32;
      const hashAlgorithm = writeDigest(digest);
      const mgf = der.sequence(der.oid(cmsOids.mgf1), hashAlgorithm);
      const parameters = der.sequence(
        der.contextConstructed(0, hashAlgorithm),
        der.contextConstructed(1, mgf),
        der.contextConstructed(2, der.unsignedInteger(named)),
      );
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      const key = testKeyObject('client');
      const message = codec.readSigned(
        await oddSigned({
          certificate: client,
          key: 'client',
          digestAlgorithm: hashAlgorithm,
          signatureAlgorithm: der.sequence(der.oid(cmsOids.rsassaPss), parameters),
          sign: (data) => signWith(digest, data, { key, padding, saltLength: salt }),
        }),
      );
      expect(codec.verifySigned(message, client)).toBe(expected);
    });

    test('a changed content, attribute or signature does not verify', async () => {
      const attributes = [contentType, messageDigest, nonce];
      const intact = await oddSigned({ certificate: client, key: 'client', attributes });
      const signerInfo = parseBer(intact).child(1).child(0).child(4).child(0);
      const places = [
        intact.indexOf(content) + content.length - 1,
        intact.indexOf(nonce) + nonce.length - 1,
        intact.indexOf(messageDigest) + messageDigest.length - 1,
        signerInfo.child(5).contentEnd - 1,
      ];
      for (const at of places) {
        const changed = Buffer.from(intact);
        changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
        expect(codec.verifySigned(codec.readSigned(changed), client)).toBe(false);
      }
      expect(codec.verifySigned(codec.readSigned(intact), client)).toBe(true);
    });

    test('what is cut, or goes on, is asn1.malformed; what is too complex asn1.limit', async () => {
      const intact = await oddSigned({ certificate: client, key: 'client' });
      const hostile = der.sequence(...Array.from({ length: 3000 }, () => der.nul()));
      const asn1Malformed = expect.objectContaining({ code: 'asn1.malformed' }) as unknown;
      for (const bytes of [
        Buffer.alloc(0),
        intact.subarray(0, -1),
        Buffer.concat([intact, Buffer.from([0])]),
      ])
        expect(() => codec.readSigned(bytes)).toThrow(asn1Malformed);
      expect(() => codec.readSigned(hostile)).toThrow(
        expect.objectContaining({ code: 'asn1.limit' }),
      );
    });

    test('a digest outside the table is cms.algorithm', async () => {
      const digestAlgorithm = der.sequence(der.oid('2.16.840.1.101.3.4.2.4'));
      const bytes = await oddSigned({ certificate: client, key: 'client', digestAlgorithm });
      expect(() => codec.readSigned(bytes)).toThrow(
        expect.objectContaining({
          code: 'cms.algorithm',
          message: 'The digest is SHA-224, which is not supported.',
        }),
      );
    });

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

    test('a SignedData damaged anywhere is refused, or verifies only with its content unchanged', async () => {
      const bytes = await oddSigned({ certificate: client, key: 'client' });
      fc.assert(
        fc.property(damages, (damage) => {
          const mutated = damage(bytes);
          try {
            const message = codec.readSigned(mutated);
            if (codec.verifySigned(message, client)) expect(message.content).toEqual(content);
          } catch (error) {
            expect(isGatewayError(error) && error.class).toMatch(/^(crypto|algorithm)$/);
          }
        }),
        { numRuns: 500 },
      );
    });
  });
}
