/** Messages that are refused for one reason each, alike in all that is in the clear. */
import { constants, publicEncrypt, randomBytes } from 'node:crypto';
import { der, parseBer, tag } from '../../src/asn1/index.js';
import { createFastCodec, type RsaKeyTransport } from '../../src/pkcs7/index.js';
import type { Certificate } from '../../src/x509/index.js';
import { flipBit, replaceNode } from '../../test/bad-input/surgery.js';
import { certificationRequest } from '../../test/support/certificates.js';
import { pkiMessage } from '../../test/support/pki-message.js';
import type { BenchClient } from '../prepared-request.js';

export interface MessageClass {
  readonly name: string;
  /**
   * `judged`: refused after the private key was used, over what an attacker may not learn; these must be
   * alike. `told`: for comparison only.
   */
  readonly role: 'reference' | 'same' | 'judged' | 'told';
  /** Compared with the reference of the same transport: which of them it is, everybody can see. */
  readonly transport: RsaKeyTransport['kind'];
  /** Where it is sent: to the gateway's own CA, or through the check of challenges before a relay. */
  readonly door: 'scep' | 'relay';
  readonly messages: readonly Buffer[];
}

const pkcs1: RsaKeyTransport = { kind: 'rsaes-pkcs1-v1_5' };
const oaep: RsaKeyTransport = {
  kind: 'rsaes-oaep',
  digest: 'sha256',
  mgfDigest: 'sha256',
  label: Buffer.alloc(0),
};

/** A few of each: nothing that is remembered of one message shall make a class faster. */
const variants = 24;

export async function messageClasses(
  client: BenchClient,
  recipient: Certificate,
  challenges: readonly string[],
): Promise<MessageClass[]> {
  const codec = createFastCodec();
  let serial = 0;
  const seal = (content: Buffer, keyTransport = pkcs1): Promise<Buffer> =>
    codec.seal(content, 'aes-128-cbc', [
      { kind: 'certificate', certificate: recipient, keyTransport },
    ]);
  const signed = (envelope: Buffer): Promise<Buffer> =>
    pkiMessage({
      codec,
      signer: client,
      recipients: [recipient],
      envelope,
      transactionId: `timing-${String(++serial).padStart(8, '0')}`,
      senderNonce: randomBytes(16),
    });
  const csr = (challengePassword: string): Promise<Buffer> =>
    certificationRequest(client.key, { subject: 'CN=timing,O=Bench', challengePassword });
  const wrongChallenge = '0'.repeat(challenges[0]?.length ?? 16);

  const many = async (make: () => Promise<Buffer>): Promise<Buffer[]> => {
    const made: Buffer[] = [];
    for (let n = 0; n < variants; n++) made.push(await signed(await make()));
    return made;
  };
  const good = async (keyTransport = pkcs1): Promise<Buffer> =>
    seal(await csr(wrongChallenge), keyTransport);
  const badPadding = async (keyTransport = pkcs1): Promise<Buffer> => {
    const envelope = await good(keyTransport);
    return flipBit(envelope, envelope.length - 17, 6);
  };
  const withKey = async (em: Buffer): Promise<Buffer> =>
    underKey(await good(), rsaEncrypted(recipient, em));
  const withOaep = async (em: Buffer): Promise<Buffer> =>
    underKey(await good(oaep), rsaEncrypted(recipient, em));
  const oaepOf = async (key: Buffer): Promise<Buffer> =>
    underKey(await good(oaep), oaepEncrypted(recipient, key));
  const classes: readonly [string, MessageClass['role'], () => Promise<Buffer>][] = [
    ['content: bad padding', 'reference', badPadding],
    ['the same, again (1)', 'same', badPadding],
    ['the same, again (2)', 'same', badPadding],
    ['the same, again (3)', 'same', badPadding],
    ['content: first block damaged', 'judged', async () => firstBlockDamaged(await good())],
    ['content: one block damaged', 'judged', async () => middleBlockDamaged(await good())],
    ['key: padding of another type', 'judged', () => withKey(encoded(1, randomBytes(16)))],
    ['key: no end of padding', 'judged', () => withKey(encoded(2, Buffer.alloc(0)))],
    ['key: of another length', 'judged', () => withKey(encoded(2, randomBytes(24)))],
    ['key: another one', 'judged', () => withKey(encoded(2, randomBytes(16)))],
    ['CSR: cannot be read', 'judged', async () => seal(unreadable(await csr(wrongChallenge)))],
    ['CSR: proof does not hold', 'judged', async () => seal(unproven(await csr(wrongChallenge)))],
    ['valid, wrong challenge', 'told', good],
  ];
  const byOaep: typeof classes = [
    ['OAEP, content: bad padding', 'reference', () => badPadding(oaep)],
    ['OAEP, the same, again (1)', 'same', () => badPadding(oaep)],
    ['OAEP, the same, again (2)', 'same', () => badPadding(oaep)],
    ['OAEP, content: first block', 'judged', async () => firstBlockDamaged(await good(oaep))],
    ['OAEP, key: first octet', 'judged', () => withOaep(octetsAfter(1))],
    ['OAEP, key: encoding damaged', 'judged', () => withOaep(octetsAfter(0))],
    ['OAEP, key: of another length', 'judged', () => oaepOf(randomBytes(24))],
    ['OAEP, key: another one', 'judged', () => oaepOf(randomBytes(16))],
    [
      'OAEP, CSR: cannot be read',
      'judged',
      async () => seal(unreadable(await csr(wrongChallenge)), oaep),
    ],
  ];
  const door = 'scep';
  const made: MessageClass[] = [];
  for (const [of, { kind: transport }] of [
    [classes, pkcs1],
    [byOaep, oaep],
  ] as const)
    for (const [name, role, make] of of)
      made.push({ name, role, transport, door, messages: await many(make) });
  // The check before a relay uses the same keys.
  const relayed = made
    .filter((each) => each.transport === pkcs1.kind && beforeRelay.has(each.name))
    .map((each): MessageClass => ({ ...each, name: `relay, ${each.name}`, door: 'relay' }));
  made.push(...relayed);
  const valid: Buffer[] = [];
  for (const challenge of challenges) valid.push(await signed(await seal(await csr(challenge))));
  const told = { role: 'told', transport: pkcs1.kind, door } as const;
  made.push({ name: 'valid, each sent once', ...told, messages: valid });
  const forged = (await many(good)).map((message) => flipBit(message, message.length - 1));
  made.push({ name: 'signature of the message wrong', ...told, messages: forged });
  return made;
}

/** Classes that are sent to the relay, too. */
const beforeRelay: ReadonlySet<string> = new Set([
  'content: bad padding',
  'the same, again (1)',
  'the same, again (2)',
  'content: first block damaged',
  'key: no end of padding',
  'key: another one',
  'CSR: cannot be read',
  'CSR: proof does not hold',
  'valid, wrong challenge',
]);

function encryptedContentOf(envelope: Buffer): { readonly start: number; readonly end: number } {
  const info = parseBer(envelope).child(1).child(0).children.at(-1);
  const content = info?.children.at(-1);
  if (content === undefined) throw new RangeError('no encrypted content');
  return { start: content.contentStart, end: content.contentEnd };
}

function firstBlockDamaged(envelope: Buffer): Buffer {
  return flipBit(envelope, encryptedContentOf(envelope).start, 3);
}

function middleBlockDamaged(envelope: Buffer): Buffer {
  const { start, end } = encryptedContentOf(envelope);
  return flipBit(envelope, start + (((end - start) >> 1) & ~15), 3);
}

function rsaEncrypted({ publicKey }: Certificate, em: Buffer): Buffer {
  return publicEncrypt({ key: publicKey.keyObject, padding: constants.RSA_NO_PADDING }, em);
}

function oaepEncrypted({ publicKey }: Certificate, key: Buffer): Buffer {
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  return publicEncrypt({ key: publicKey.keyObject, padding, oaepHash: 'sha256' }, key);
}

/** Octets of an OAEP encoding that nobody encoded. */
function octetsAfter(first: number): Buffer {
  return Buffer.concat([Buffer.from([first]), randomBytes(255)]);
}

/** Something else where the encrypted content key stood. */
function underKey(envelope: Buffer, encrypted: Buffer): Buffer {
  const root = parseBer(envelope);
  const recipientInfo = root.child(1).child(0).expect(1, tag.set).child(0);
  return replaceNode(root, recipientInfo.child(3), der.octetString(encrypted));
}

/** EM = 00 type PS 00 key for a modulus of 256 octets; without a key there is no end of the padding. */
function encoded(type: number, key: Buffer): Buffer {
  const padding = Buffer.alloc(256 - 3 - key.length + (key.length === 0 ? 1 : 0), 0);
  for (let at = 0; at < padding.length; at++) padding[at] = 1 + (randomBytes(1).readUInt8() % 255);
  const end = key.length === 0 ? Buffer.alloc(0) : Buffer.from([0]);
  return Buffer.concat([Buffer.from([0, type]), padding, end, key]);
}

/** DER of the same length that is no CSR. */
function unreadable(csr: Buffer): Buffer {
  const inner = der.octetString(randomBytes(csr.length - 8));
  return der.sequence(inner);
}

function unproven(csr: Buffer): Buffer {
  return flipBit(csr, csr.length - 1);
}
