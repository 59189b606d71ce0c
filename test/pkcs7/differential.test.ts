/** Both codecs read, open, refuse and write the same, over generated and damaged messages. */
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { der, parseBer, tag, type BerNode } from '../../src/asn1/index.js';
import { isGatewayError } from '../../src/errors/index.js';
import {
  ciphers,
  createFastCodec,
  type ContentCipher,
  type DigestAlgorithm,
  type EnvelopeRecipient,
  type KeyTransport,
  type Pkcs7Codec,
  type SignedMessage,
} from '../../src/pkcs7/index.js';
import { createPkijsCodec } from '../../src/pkcs7/pkijs/index.js';
import type { Certificate, SigningKey } from '../../src/x509/index.js';
import { envelopeToBer, signedToBer, type BerForm } from '../support/ber.js';
import { issuedBy, selfSigned } from '../support/certificates.js';
import { testKey } from '../support/keys.js';
import { damages } from './damage.js';

const fast = createFastCodec();
const pkijs = createPkijsCodec();
const codecs: readonly Pkcs7Codec[] = [fast, pkijs];

const raKey = testKey('ra-encrypt');
const otherKey = testKey('ra-old');

interface Cast {
  readonly signers: readonly { readonly certificate: Certificate; readonly key: SigningKey }[];
  readonly ra: Certificate;
  readonly other: Certificate;
}
let cast: Cast;

beforeAll(async () => {
  const caKey = testKey('ca');
  const ca = await selfSigned(caKey, { subject: 'CN=ca,O=Example' });
  const issuer = { certificate: ca, key: caKey };
  const signers = [];
  for (const name of ['client', 'client-1024', 'client-p-256', 'client-p-521'] as const) {
    const key = testKey(name);
    const options = { subject: `CN=${name}`, serial: Buffer.from('80112233', 'hex') };
    signers.push({ key, certificate: await selfSigned(key, options) });
  }
  cast = {
    signers,
    ra: await issuedBy(issuer, raKey.publicKey, { subject: 'CN=ra' }),
    other: await issuedBy(issuer, otherKey.publicKey, { subject: 'CN=old' }),
  };
});

describe('signed messages', () => {
  test('both read the same facts from what either wrote, DER or BER, and both verify it', async () => {
    await fc.assert(
      fc.asyncProperty(signRequests, writers, forms, async (draft, writer, form) => {
        const written = await writer.sign(toRequest(draft));
        const message = form ? signedToBer(written, form) : written;
        const read = codecs.map((codec) => codec.readSigned(message));
        expect(facts(read[0]!)).toEqual(facts(read[1]!));
        expect(read[0]!.content).toEqual(draft.content);
        const { certificate } = signerOf(draft);
        expect(codecs.map((codec, i) => codec.verifySigned(read[i]!, certificate))).toEqual([
          true,
          true,
        ]);
      }),
      { numRuns: 60 },
    );
  });

  test('both write the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(signRequests, async (draft) => {
        // ECDSA is random; a signature fixed by what it covers stands in for it.
        const request = toRequest(draft);
        const { publicKey } = request.signer.key;
        const sign = (digest: string, data: Buffer): Promise<Buffer> =>
          Promise.resolve(createHash(digest).update(data).digest());
        const signer = { ...request.signer, key: { publicKey, sign } };
        const [a, b] = await Promise.all(codecs.map((codec) => codec.sign({ ...request, signer })));
        expect(a!.toString('hex')).toBe(b!.toString('hex'));
      }),
      { numRuns: 100 },
    );
  });

  test('both judge a damaged message alike', async () => {
    const verdicts = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(signRequests, forms, damages, async (draft, form, damage) => {
        const written = await fast.sign(toRequest(draft));
        const message = damage(form ? signedToBer(written, form) : written);
        const [a, b] = codecs.map((codec) =>
          judgeSigned(codec, message, signerOf(draft).certificate),
        );
        expect(a).toEqual(b);
        count(verdicts, a!.verdict);
      }),
      { numRuns: 250 },
    );
    expect([...verdicts.keys()]).toEqual(expect.arrayContaining(['refused', 'verified']));
  });
});

describe('every octet of one message', () => {
  const signedDraft: SignDraft = {
    content: Buffer.from('content'),
    contentType: undefined,
    digest: 'sha256',
    attributes: [{ oid: '2.16.840.1.113733.1.9.2', value: der.printableString('19') }],
    signer: 2,
    carried: [2],
  };

  test('signed: both accept or both refuse, whichever octet is damaged', async () => {
    const message = await fast.sign(toRequest(signedDraft));
    const accepted = sweep(message).filter((damaged) => {
      const { certificate } = signerOf(signedDraft);
      const [a, b] = codecs.map((codec) => judgeSigned(codec, damaged, certificate));
      expect(a).toEqual(b);
      return a!.verdict === 'verified';
    });
    // Nobody signs versions, the list of digests, the certificates, the sid, NULL parameters.
    expect(accepted.length).toBeLessThan(message.length);
    for (const damaged of accepted)
      expect(fast.readSigned(damaged).content).toEqual(signedDraft.content);
  });

  test('sealed: both open or both refuse, whichever octet is damaged', async () => {
    const draft: EnvelopeDraft = {
      content: der.octetString(Buffer.from('content')),
      cipher: 'des-ede3-cbc',
      recipients: ['ra'],
      keyTransport: { kind: 'rsaes-pkcs1-v1_5' },
    };
    const message = await fast.seal(draft.content, draft.cipher, toRecipients(draft));
    const opened = [];
    for (const damaged of sweep(message)) {
      const [a, b] = await Promise.all(codecs.map((codec) => judgeEnvelope(codec, damaged)));
      expect(a).toEqual(b);
      if (a!.verdict === 'opened') opened.push(a!.content);
    }
    expect(opened.length).toBeLessThan(message.length / 2);
  });

  function sweep(message: Buffer): Buffer[] {
    return Array.from(message, (octet, at) => {
      const damaged = Buffer.from(message);
      damaged[at] = octet ^ (1 << (at % 8));
      return damaged;
    });
  }
});

describe('envelopes', () => {
  test('both read and open what either sealed, DER or BER', async () => {
    await fc.assert(
      fc.asyncProperty(envelopeDrafts, writers, forms, async (draft, writer, form) => {
        const sealed = await writer.seal(draft.content, draft.cipher, toRecipients(draft));
        const message = form ? envelopeToBer(sealed, form) : sealed;
        const [a, b] = await Promise.all(codecs.map((codec) => judgeEnvelope(codec, message)));
        expect(a).toEqual(b);
        expect(a).toMatchObject({ verdict: 'opened', content: draft.content.toString('hex') });
      }),
      { numRuns: 40 },
    );
  });

  test('with the same randomness both write the same bytes, RSA padding aside', async () => {
    await fc.assert(
      fc.asyncProperty(envelopeDrafts, fc.string(), async (draft, seed) => {
        const [a, b] = await Promise.all(
          [createFastCodec, createPkijsCodec].map((create) =>
            create({ randomBytes: drawnFrom(seed) }).seal(
              draft.content,
              draft.cipher,
              toRecipients(draft),
            ),
          ),
        );
        expect(withoutEncryptedKeys(a!)).toBe(withoutEncryptedKeys(b!));
        expect(a!.length).toBe(b!.length);
      }),
      { numRuns: 60 },
    );
  });

  test('both judge a damaged envelope alike', async () => {
    const verdicts = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(envelopeDrafts, forms, damages, async (draft, form, damage) => {
        const sealed = await fast.seal(draft.content, draft.cipher, toRecipients(draft));
        const message = damage(form ? envelopeToBer(sealed, form) : sealed);
        const [a, b] = await Promise.all(codecs.map((codec) => judgeEnvelope(codec, message)));
        expect(a).toEqual(b);
        count(verdicts, a!.verdict);
      }),
      { numRuns: 120 },
    );
    expect([...verdicts.keys()]).toEqual(expect.arrayContaining(['refused', 'opened']));
  });
});

// What is generated

const digestNames: readonly DigestAlgorithm[] = ['md5', 'sha1', 'sha256', 'sha384', 'sha512'];

const attributeValues: fc.Arbitrary<Buffer> = fc.oneof(
  fc.string({ maxLength: 40 }).map((text) => der.utf8String(text)),
  fc.stringMatching(/^[A-Z0-9]{0,200}$/).map((text) => der.printableString(text)),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => der.octetString(bytes)),
  fc.nat().map((n) => der.unsignedInteger(n)),
  fc
    .uint8Array({ maxLength: 20 })
    .map((bytes) => der.sequence(der.nul(), der.setOf(der.boolean(true)), der.bitString(bytes))),
);

interface SignDraft {
  readonly content: Buffer | undefined;
  readonly contentType: string | undefined;
  readonly digest: DigestAlgorithm;
  readonly attributes: readonly { readonly oid: string; readonly value: Buffer }[];
  readonly signer: number;
  readonly carried: readonly number[];
}

const signRequests: fc.Arbitrary<SignDraft> = fc
  .record({
    content: fc.option(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      { nil: undefined },
    ),
    contentType: fc.constantFrom(undefined, '1.2.840.113549.1.7.2'),
    digest: fc.constantFrom(...digestNames),
    attributes: fc.uniqueArray(
      fc.record({
        oid: fc.nat({ max: 20 }).map((n) => `2.16.840.1.113733.1.9.${n}`),
        value: attributeValues,
      }),
      { maxLength: 7, selector: ({ oid }) => oid },
    ),
    signer: fc.nat({ max: 3 }),
    carried: fc.array(fc.nat({ max: 3 }), { maxLength: 3 }),
  })
  // There is no OID for ECDSA with MD5.
  .map((draft) => (draft.digest === 'md5' && draft.signer > 1 ? { ...draft, signer: 0 } : draft));

function signerOf(draft: SignDraft): Cast['signers'][number] {
  return cast.signers[draft.signer]!;
}

function toRequest(draft: SignDraft): Parameters<Pkcs7Codec['sign']>[0] {
  const { content, contentType, digest, attributes, carried } = draft;
  return {
    content,
    ...(contentType !== undefined && { contentType }),
    digest,
    attributes,
    signer: signerOf(draft),
    certificates: carried.map((i) => cast.signers[i]!.certificate),
  };
}

const writers = fc.constantFrom(...codecs);

/** Undefined is DER. */
const forms: fc.Arbitrary<BerForm | undefined> = fc.constantFrom(
  undefined,
  { indefinite: true, segment: 0 },
  { indefinite: true, segment: 7 },
  { indefinite: false, segment: 100 },
);

type Transport = Exclude<KeyTransport, { kind: 'password' }>;

const transports: fc.Arbitrary<Transport> = fc.oneof(
  fc.constant<Transport>({ kind: 'rsaes-pkcs1-v1_5' }),
  fc.record({
    kind: fc.constant('rsaes-oaep' as const),
    digest: fc.constantFrom(...digestNames),
    mgfDigest: fc.constantFrom(...digestNames),
    label: fc.constantFrom(Buffer.alloc(0), Buffer.from('label')),
  }),
);

interface EnvelopeDraft {
  readonly content: Buffer;
  readonly cipher: ContentCipher;
  readonly recipients: readonly ('ra' | 'other' | 'password')[];
  readonly keyTransport: Transport;
}

const envelopeDrafts: fc.Arbitrary<EnvelopeDraft> = fc.record({
  content: fc.uint8Array({ maxLength: 300 }).map((bytes) => der.octetString(bytes)),
  cipher: fc.constantFrom(...(Object.keys(ciphers) as ContentCipher[])),
  recipients: fc.uniqueArray(fc.constantFrom('ra', 'other', 'password'), {
    minLength: 1,
    maxLength: 3,
  }),
  keyTransport: transports,
});

function toRecipients({ recipients, keyTransport }: EnvelopeDraft): EnvelopeRecipient[] {
  return recipients.map((kind) =>
    kind === 'password'
      ? { kind, password }
      : {
          kind: 'certificate',
          certificate: kind === 'ra' ? cast.ra : cast.other,
          keyTransport,
        },
  );
}

const password = '0123456789ABCDEF';

// What is compared

function facts(message: SignedMessage): unknown {
  const { signer } = message;
  return {
    content: message.content?.toString('hex'),
    contentType: message.contentType,
    certificates: message.certificates.map((certificate) => certificate.der.toString('hex')),
    crls: message.crls.map((crl) => crl.toString('hex')),
    signer: signer && {
      certificate: signer.certificate?.der.toString('hex'),
      identifies: cast.signers.map(({ certificate }) => signer.isIdentifiedBy(certificate)),
      digest: signer.digest,
      attributes: [...signer.attributes].map(([type, values]) => [type, values.map(value)]),
    },
  };
}

/** Tag and octets, however the string was cut. */
function value(node: BerNode): string {
  const isString = node.tag < 0x40 && node.tag !== tag.sequence && node.tag !== tag.set;
  if (isString) return `${node.tag & 0x1f}:${node.octets().toString('hex')}`;
  return `${node.tag}:${node.constructed ? node.children.map(value).join() : node.content.toString('hex')}`;
}

/**
 * Every refusal counts as one: what one codec cannot read the other may find unverified (pkijs looks
 * into the types of attribute values, which no signature covers any more), and a message with two faults
 * may be refused for either. No message that one accepts is refused by the other.
 */
function judgeSigned(
  codec: Pkcs7Codec,
  message: Buffer,
  certificate: Certificate,
): { verdict: string; facts?: unknown } {
  try {
    const read = codec.readSigned(message);
    return codec.verifySigned(read, certificate)
      ? { verdict: 'verified', facts: facts(read) }
      : { verdict: 'refused' };
  } catch (error) {
    return refusal(error);
  }
}

interface EnvelopeVerdict {
  readonly verdict: string;
  readonly content?: string;
  readonly cipher?: ContentCipher;
  readonly keyTransport?: KeyTransport;
  readonly transports?: readonly KeyTransport[];
  readonly recipient?: string | undefined;
}

async function judgeEnvelope(codec: Pkcs7Codec, message: Buffer): Promise<EnvelopeVerdict> {
  try {
    const envelope = codec.readEnvelope(message);
    const recipients = [
      { certificate: cast.ra, key: raKey },
      { certificate: cast.other, key: otherKey },
    ];
    const opened = await codec.openEnvelope(envelope, { recipients, password });
    return {
      verdict: 'opened',
      content: opened.content.toString('hex'),
      cipher: opened.cipher,
      keyTransport: opened.keyTransport,
      transports: envelope.keyTransports,
      recipient: opened.recipient?.certificate.subject.text,
    };
  } catch (error) {
    return refusal(error);
  }
}

function refusal(error: unknown): { verdict: string } {
  if (!isGatewayError(error)) throw error;
  return { verdict: 'refused' };
}

function count(counts: Map<string, number>, verdict: string): void {
  counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
}

/** As random as SHA-256 in counter mode, and the same for the same seed. */
function drawnFrom(seed: string): (size: number) => Buffer {
  let drawn = 0;
  return (size) => {
    const blocks: Buffer[] = [];
    for (let at = 0; at < size; at += 32)
      blocks.push(createHash('sha256').update(`${seed}/${drawn++}`).digest());
    return Buffer.concat(blocks).subarray(0, size);
  };
}

/** OpenSSL pads RSA with randomness of its own. */
function withoutEncryptedKeys(message: Buffer): string {
  const envelopedData = parseBer(message).child(1).child(0);
  const copy = Buffer.from(message);
  for (const info of envelopedData.child(1).children) {
    if (info.tag === tag.sequence)
      copy.fill(0, info.child(3).contentStart, info.child(3).contentEnd);
  }
  return copy.toString('hex');
}
