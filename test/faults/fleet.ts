/** Devices of one gateway process that enroll, remember what they were answered, and ask again. */
import { createFastCodec } from '../../src/pkcs7/index.js';
import { readBundle } from '../../src/pkcs7/pkijs/index.js';
import { createScepClient } from '../../src/scep/client/index.js';
import type { Certificate } from '../../src/x509/index.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import type { TestKeyName } from '../support/keys.js';
import { pkiMessage, readReply, testDevice, testRequest, wire } from '../support/pki-message.js';
import { post } from './post.js';

export interface Enrollment {
  readonly transactionId: string;
  readonly challenge: string;
  readonly message: Buffer;
  /** DER of the certificate, once the device has it. */
  certificate?: Buffer;
}

export type Reply = 'issued' | 'pending' | 'refused' | 'come again';

export class Fleet {
  readonly #gateway: GatewayProcess;
  readonly #recipient: Certificate;
  readonly #signer: Certificate;
  readonly #path: string;

  private constructor(
    gateway: GatewayProcess,
    recipient: Certificate,
    signer: Certificate,
    path: string,
  ) {
    this.#gateway = gateway;
    this.#recipient = recipient;
    this.#signer = signer;
    this.#path = path;
  }

  static async of(gateway: GatewayProcess, path = '/scep'): Promise<Fleet> {
    const client = createScepClient({ url: `${gateway.url}${path}`, codec: createFastCodec() });
    const { certificates, recipient } = await client.getCaCert();
    return new Fleet(gateway, recipient, certificates[0]!, path);
  }

  /** Made beforehand, with challenges from the API. */
  async prepare(count: number, name: string, profile?: string): Promise<Enrollment[]> {
    const enrollments: Enrollment[] = [];
    for (let n = 0; n < count; n++) {
      const challenge = await newChallenge(this.#gateway, profile);
      const transactionId = `${name}-${n}`;
      const message = await this.message(transactionId, challenge);
      enrollments.push({ transactionId, challenge, message });
    }
    return enrollments;
  }

  async message(
    transactionId: string,
    challengePassword: string | undefined,
    key: TestKeyName = 'client',
    messageType: string = wire.PKCSReq,
  ): Promise<Buffer> {
    const subject = `CN=${transactionId}`;
    const signer = await testDevice(key, subject);
    const csr = { subject, ...(challengePassword !== undefined && { challengePassword }) };
    return pkiMessage({
      signer,
      recipients: [this.#recipient],
      content: await testRequest(signer, csr),
      transactionId,
      messageType,
    });
  }

  /** Sends the message of the device again and again the same. Rejects when there is no whole answer. */
  async enroll(enrollment: Enrollment): Promise<Reply> {
    return this.ask(enrollment.message, enrollment);
  }

  async ask(message: Buffer, enrollment?: Enrollment): Promise<Reply> {
    const url = `${this.#gateway.url}${this.#path}?operation=PKIOperation`;
    const { status, headers, body } = await post(url, message);
    if (status === 503 && Number(headers['retry-after']) > 0) return 'come again';
    if (status !== 200) throw new Error(`status ${status}: ${body.toString('utf8')}`);
    const { pkiStatus, content } = readReply(body, this.#signer);
    if (pkiStatus === '3') return 'pending';
    if (pkiStatus !== '0') return 'refused';
    if (enrollment) enrollment.certificate = await certificateIn(content!);
    return 'issued';
  }
}

async function certificateIn(content: Buffer): Promise<Buffer> {
  const codec = createFastCodec();
  const { key, certificate } = await testDevice();
  const opened = await codec.openEnvelope(codec.readEnvelope(content), {
    recipients: [{ certificate, key }],
  });
  return readBundle(opened.content).certificates[0]!.der;
}

async function newChallenge(
  { url, administratorPassword }: GatewayProcess,
  profile: string | undefined,
): Promise<string> {
  const credentials = Buffer.from(`admin:${administratorPassword}`).toString('base64');
  const response = await fetch(`${url}/api/v1/challenges`, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}`, 'content-type': 'application/json' },
    body: JSON.stringify({ profile }),
  });
  const answer: unknown = await response.json();
  if (typeof answer === 'object' && answer !== null && 'challenge' in answer)
    return String(answer.challenge);
  throw new Error(`no challenge: ${response.status} ${JSON.stringify(answer)}`);
}
