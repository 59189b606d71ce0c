import { createHash, randomBytes } from 'node:crypto';
import type { SoftwareKey } from '../src/keys/index.js';
import { createFastCodec } from '../src/pkcs7/index.js';
import { readBundle } from '../src/pkcs7/pkijs/index.js';
import type { Certificate } from '../src/x509/index.js';
import { certificationRequest, selfSigned } from '../test/support/certificates.js';
import { attributeOids, pkiMessage } from '../test/support/pki-message.js';
import type { ContentCipher, DigestAlgorithm } from '../src/pkcs7/index.js';
import type { Reply } from './connection.js';
import type { PreparedRequest } from './load.js';

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
export async function prepareEnrollment(
  order: RequestOrder,
): Promise<PreparedRequest & { readonly message: Buffer }> {
  const { client, recipient, challenge, commonName, digest, cipher } = order;
  const transactionId = createHash('sha1').update(commonName).digest('hex');
  const senderNonce = randomBytes(16);
  const csr = await certificationRequest(client.key, {
    subject: `CN=${commonName},O=Bench`,
    ...(challenge === undefined ? {} : { challengePassword: challenge }),
  });
  const message = await pkiMessage({
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
    message,
    octets: posted(message),
    verify: (reply) => verify(reply, order, transactionId, senderNonce),
  };
}

/** What a stranger sends in floods. Every octet of it may be wrong, the length is that of a request. */
export function prepareGarbage(message: Buffer): PreparedRequest {
  return { octets: posted(randomBytes(message.length)), verify: expecting(400) };
}

/** The same, where nobody reads it: its sender is told to come again. */
export function prepareTurnedAway(message: Buffer): PreparedRequest {
  return { octets: posted(message), verify: expecting(503, 'refused') };
}

/** Well-formed, and not what was signed. */
export function prepareForgery(message: Buffer): PreparedRequest {
  const forged = Buffer.from(message);
  forged.writeUInt8(forged.readUInt8(forged.length - 1) ^ 1, forged.length - 1);
  return { octets: posted(forged), verify: expecting(200, 'refused') };
}

export function prepareGet(target: string): PreparedRequest {
  return { octets: httpRequest(`GET ${target}`, {}), verify: expecting(200) };
}

/** A challenge from the API, as a connector of an MDM asks for one. */
export function prepareChallengeOrder(authorization: string): PreparedRequest {
  return {
    octets: httpRequest(
      'POST /api/v1/challenges',
      { Authorization: authorization, 'Content-Type': 'application/json' },
      Buffer.from('{}'),
    ),
    verify: expecting(201, 'served'),
  };
}

/** The page an MDM reads its challenge from. */
export function prepareAdminPage(authorization: string): PreparedRequest {
  return {
    octets: httpRequest('GET /certsrv/mscep_admin/', { Authorization: authorization }),
    verify: expecting(200),
  };
}

function posted(message: Buffer): Buffer {
  return httpRequest(
    'POST /scep?operation=PKIOperation',
    { 'Content-Type': 'application/x-pki-message' },
    message,
  );
}

function httpRequest(
  line: string,
  headers: Readonly<Record<string, string>>,
  body?: Buffer,
): Buffer {
  const lines = Object.entries({
    Host: '127.0.0.1',
    ...headers,
    ...(body && { 'Content-Length': String(body.length) }),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([
    Buffer.from(`${line} HTTP/1.1\r\n${lines.join('')}\r\n`),
    body ?? Buffer.alloc(0),
  ]);
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
