import {
  constants,
  createHash,
  createPublicKey,
  publicEncrypt,
  randomBytes,
  sign,
  verify as verifyWith,
  type KeyObject,
} from 'node:crypto';
import { SoftwareKey } from '../src/keys/index.js';
import { createFastCodec, readBundle } from '../src/pkcs7/index.js';
import type { Certificate } from '../src/x509/index.js';
import { certificationRequest, selfSigned } from '../test/support/certificates.js';
import { attributeOids, pkiMessage } from '../test/support/pki-message.js';
import type { ContentCipher, DigestAlgorithm } from '../src/pkcs7/index.js';
import type { PreparedRequest, Reply } from './load.js';

const codec = createFastCodec();

export interface BenchClient {
  readonly key: SoftwareKey;
  readonly certificate: Certificate;
}

export async function benchClient(key: SoftwareKey): Promise<BenchClient> {
  return { key, certificate: await selfSigned(key, { subject: 'CN=bench client' }) };
}

export interface RequestOrder {
  readonly client: BenchClient;
  readonly recipient: Certificate;
  /** Certificates that may sign the reply. */
  readonly trusted: readonly Certificate[];
  readonly challenge: string | undefined;
  readonly commonName: string;
  readonly digest: DigestAlgorithm;
  readonly cipher: ContentCipher;
}

/** A PKCSReq; its reply is a SUCCESS for this very request, or a refusal. */
export async function prepareRequest(order: RequestOrder): Promise<PreparedRequest> {
  const { client, recipient, challenge, commonName, digest, cipher } = order;
  const transactionId = createHash('sha1').update(commonName).digest('hex');
  const senderNonce = randomBytes(16);
  const csr = await certificationRequest(client.key, {
    subject: `CN=${commonName},O=Bench`,
    ...(challenge === undefined ? {} : { challengePassword: challenge }),
  });
  const body = await pkiMessage({
    codec,
    signer: client,
    recipients: [recipient],
    content: csr,
    transactionId,
    senderNonce,
    digest,
    cipher,
  });
  return {
    ...posted(body),
    verify: (reply) => verify(reply, order, transactionId, senderNonce),
  };
}

function posted(body: Buffer): Omit<PreparedRequest, 'verify'> {
  return { method: 'POST', query: 'operation=PKIOperation', body };
}

/** What a stranger sends in floods. Every octet of it may be wrong, the length is that of a request. */
export function prepareGarbage({ body }: PreparedRequest): PreparedRequest {
  return { ...posted(randomBytes(body?.length ?? 0)), verify: expecting(400) };
}

/** Well-formed, and not what was signed. */
export function prepareForgery({ body = Buffer.alloc(0) }: PreparedRequest): PreparedRequest {
  const forged = Buffer.from(body);
  forged.writeUInt8(forged.readUInt8(forged.length - 1) ^ 1, forged.length - 1);
  return { ...posted(forged), verify: expecting(200, 'refused') };
}

export function prepareQuery(operation: string): PreparedRequest {
  return { method: 'GET', query: `operation=${operation}`, verify: expecting(200) };
}

function expecting(
  status: number,
  verdict: 'served' | 'refused' = status === 200 ? 'served' : 'refused',
): PreparedRequest['verify'] {
  return (reply) => {
    if (reply.status !== status) throw new Error(`HTTP ${reply.status}: ${reply.body.toString()}`);
    return Promise.resolve(verdict);
  };
}

async function verify(
  reply: Reply,
  { client, trusted, commonName }: RequestOrder,
  transactionId: string,
  senderNonce: Buffer,
): Promise<'served' | 'refused'> {
  if (reply.status !== 200) throw new Error(`HTTP ${reply.status}: ${reply.body.toString()}`);
  const message = codec.readSigned(reply.body);
  const text = (oid: string) => message.signer?.attributes.get(oid)?.[0]?.octets();
  if (text(attributeOids.pkiStatus)?.toString() === '2') return 'refused';
  if (text(attributeOids.transactionId)?.toString() !== transactionId)
    throw new Error('transactionID');
  if (!text(attributeOids.recipientNonce)?.equals(senderNonce)) throw new Error('recipientNonce');
  const signer = trusted.find((certificate) => message.signer?.isIdentifiedBy(certificate));
  if (!signer || !codec.verifySigned(message, signer)) throw new Error('signature');
  const opened = await codec.openEnvelope(codec.readEnvelope(message.content ?? Buffer.alloc(0)), {
    recipients: [{ certificate: client.certificate, key: client.key }],
  });
  const leaf = readBundle(opened.content).certificates.find(
    ({ publicKey }) => publicKey.id === client.key.publicKey.id,
  );
  if (leaf?.subject.values('CN')[0] !== commonName) throw new Error('certificate');
  return 'served';
}

/**
 * CPU milliseconds of the RSA operations of an enrollment with this key, measured now: three private ones
 * (decryption, signatures of certificate and reply), two verifications (of message and CSR), one encryption.
 */
export async function rawOperations(privateKey: KeyObject): Promise<number> {
  const key = new SoftwareKey(privateKey);
  const publicKey = createPublicKey(privateKey);
  const data = randomBytes(1000);
  const contentKey = randomBytes(16);
  const transport = { key: publicKey, padding: constants.RSA_PKCS1_PADDING };
  const ciphertext = Buffer.concat([Buffer.from([0]), randomBytes(key.publicKey.bits / 8 - 1)]);
  const samples: number[] = [];
  for (let batch = 0; batch < 20; batch++) {
    const start = process.cpuUsage();
    for (let i = 0; i < 20; i++) {
      await key.rawDecrypt(ciphertext);
      for (let signed = 0; signed < 2; signed++) {
        const signature = sign('sha256', data, privateKey);
        verifyWith('sha256', data, publicKey, signature);
      }
      publicEncrypt(transport, contentKey);
    }
    const { user, system } = process.cpuUsage(start);
    samples.push((user + system) / 1000 / 20);
  }
  return samples.sort((a, b) => a - b)[Math.floor(samples.length / 2)] ?? NaN;
}
