import { createHash, randomBytes, sign } from 'node:crypto';
import type { SoftwareKey } from '../src/keys/index.js';
import { createFastCodec, readBundle } from '../src/pkcs7/index.js';
import type { Certificate } from '../src/x509/index.js';
import { certificationRequest, selfSigned } from '../test/support/certificates.js';
import { attributeOids, pkiMessage } from '../test/support/pki-message.js';
import type { ContentCipher, DigestAlgorithm } from '../src/pkcs7/index.js';

const codec = createFastCodec();

export interface BenchClient {
  readonly key: SoftwareKey;
  readonly certificate: Certificate;
}

export async function benchClient(key: SoftwareKey): Promise<BenchClient> {
  return { key, certificate: await selfSigned(key, { subject: 'CN=bench client' }) };
}

/** A PKCSReq made beforehand, so that the load program costs next to nothing while the clock runs. */
export interface PreparedRequest {
  readonly body: Buffer;
  /** Throws when the reply is neither a refusal nor a SUCCESS for this very request. */
  verify(reply: Buffer): Promise<'issued' | 'refused'>;
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
  return { body, verify: (reply) => verify(reply, order, transactionId, senderNonce) };
}

async function verify(
  reply: Buffer,
  { client, trusted, commonName }: RequestOrder,
  transactionId: string,
  senderNonce: Buffer,
): Promise<'issued' | 'refused'> {
  const message = codec.readSigned(reply);
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
  return 'issued';
}

/** CPU milliseconds of the three RSA private operations of an enrollment with this key, measured now. */
export async function rawPrivateOperations(
  key: SoftwareKey,
  signingKey: Parameters<typeof sign>[2],
): Promise<number> {
  const data = randomBytes(1000);
  const ciphertext = Buffer.concat([Buffer.from([0]), randomBytes(key.publicKey.bits / 8 - 1)]);
  const samples: number[] = [];
  for (let batch = 0; batch < 20; batch++) {
    const start = process.cpuUsage();
    for (let i = 0; i < 20; i++) {
      await key.rawDecrypt(ciphertext);
      sign('sha256', data, signingKey);
      sign('sha256', data, signingKey);
    }
    const { user, system } = process.cpuUsage(start);
    samples.push((user + system) / 1000 / 20);
  }
  return samples.sort((a, b) => a - b)[Math.floor(samples.length / 2)] ?? NaN;
}
