/** One SCEP server with a scripted enrollment behind it, and a device in front of it. */
import { randomBytes } from 'node:crypto';
import type { Enrollment, EnrollmentRequest, PollRequest } from '../../src/enrollment/index.js';
import { createFastCodec, type Pkcs7Codec } from '../../src/pkcs7/index.js';
import { createPkijsCodec, readBundle } from '../../src/pkcs7/pkijs/index.js';
import {
  createScepServer,
  type ScepEvent,
  type ScepProfile,
  type ScepResponse,
  type ScepServer,
} from '../../src/scep/index.js';
import { verifyProofOfPossession, type Certificate } from '../../src/x509/index.js';
import { GatewayError } from '../../src/errors/index.js';
import { issuedBy } from '../support/certificates.js';
import {
  pkiMessage,
  readReply,
  testAuthority,
  testDevice,
  testRequest,
  type PkiMessageOptions,
  type ReadReply,
  type TestAuthority,
  type TestSigner,
} from '../support/pki-message.js';

export const codecs: readonly Pkcs7Codec[] = [createFastCodec(), createPkijsCodec()];

export const correlationId = 'ref-1';

export const reference = ` (reference ${correlationId})`;

export const uniformText =
  'The message failed its cryptographic checks: signature, encryption or proof of possession. ' +
  `Fetch the CA certificates again (GetCACert) and repeat the request.${reference}`;

export interface Scenario {
  readonly authority: TestAuthority;
  readonly device: TestSigner;
  readonly csr: Buffer;
  readonly enrollment: FakeEnrollment;
  readonly server: ScepServer;
  readonly events: ScepEvent[];
  /** A PKCSReq of the device unless told otherwise. */
  message(options?: Partial<PkiMessageOptions>): Promise<Buffer>;
  post(message: Buffer | undefined): Promise<ScepResponse>;
  /** Sends, demands status 200, reads and verifies. */
  exchange(options?: Partial<PkiMessageOptions>, userAgent?: string): Promise<ReadReply>;
  get(operation: string): Promise<ScepResponse>;
  /** The server as a client sees it, without a socket. */
  readonly fetch: typeof fetch;
  reply(response: ScepResponse): ReadReply;
}

export async function scenario(
  overrides: Partial<ScepProfile> = {},
  codec: Pkcs7Codec = createFastCodec(),
): Promise<Scenario> {
  const authority = await testAuthority();
  const device = await testDevice();
  const csr = await testRequest(device);
  const enrollment = new FakeEnrollment(authority);
  const events: ScepEvent[] = [];
  const server = createScepServer({
    profiles: [testProfile(authority, overrides)],
    codec,
    enrollment,
    randomBytes,
    onEvent: (event) => events.push(event),
  });
  const handle = (
    operation: string,
    message?: Buffer,
    userAgent?: string,
  ): Promise<ScepResponse> => {
    const client = { correlationId, address: '192.0.2.1', userAgent };
    return server.handle({ profile: 'default', operation, message, client });
  };
  const message: Scenario['message'] = (options = {}) =>
    pkiMessage({
      codec,
      signer: device,
      recipients: [authority.raEncryption.certificate],
      content: csr,
      ...options,
    });
  const reply = (response: ScepResponse): ReadReply =>
    readReply(response.body, authority.raSigning.certificate, codec);
  return {
    authority,
    device,
    csr,
    enrollment,
    server,
    events,
    message,
    post: (bytes) => handle('PKIOperation', bytes),
    exchange: async (options, userAgent) => {
      const response = await handle('PKIOperation', await message(options), userAgent);
      if (response.status !== 200) throw new Error(`status ${response.status}`);
      return reply(response);
    },
    get: (operation) => handle(operation),
    fetch: inProcessFetch(handle),
    reply,
  };
}

function inProcessFetch(
  handle: (operation: string, message?: Buffer) => Promise<ScepResponse>,
): typeof fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const query = url.searchParams.get('message');
    const body = init?.body;
    const message =
      body instanceof Uint8Array
        ? Buffer.from(body)
        : query === null
          ? undefined
          : Buffer.from(query, 'base64');
    try {
      const answer = await handle(url.searchParams.get('operation') ?? '', message);
      return new Response(Uint8Array.from(answer.body), {
        status: answer.status,
        headers: { 'Content-Type': answer.contentType },
      });
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return new Response(error.message, { status: 400 });
    }
  };
}

function testProfile(
  { ca, raSigning, raEncryption }: TestAuthority,
  overrides: Partial<ScepProfile> = {},
): ScepProfile {
  return {
    name: 'default',
    floor: {
      digests: ['sha1', 'sha256', 'sha384', 'sha512'],
      ciphers: ['des-ede3-cbc', 'aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc'],
    },
    registrationAuthority: () => ({
      signing: raSigning,
      decryption: [raEncryption],
      certificates: [raSigning.certificate, raEncryption.certificate],
    }),
    chain: () => [ca.certificate],
    rollover: () => undefined,
    renewal: true,
    caCertShape: 'ra-and-chain',
    caCertRoot: true,
    replyCertificates: 'leaf',
    includeSigner: true,
    failureContent: 'omit',
    microsoftAttributes: false,
    ...overrides,
  };
}

type Outcome = Awaited<ReturnType<Enrollment['enroll']>>;

/** Proves possession as the real one does; everything else is scripted by the test. */
class FakeEnrollment implements Enrollment {
  readonly enrolled: EnrollmentRequest[] = [];
  readonly polled: PollRequest[] = [];
  readonly certificates: Certificate[] = [];
  crl: Buffer | undefined;
  /** Instead of issuing. */
  outcome: Outcome | undefined;

  constructor(private readonly authority: TestAuthority) {}

  async enroll(request: EnrollmentRequest): Promise<Outcome> {
    if (!verifyProofOfPossession(request.csr)) {
      throw new GatewayError('csr.proof-of-possession', 'Not signed with its own key.');
    }
    this.enrolled.push(request);
    if (this.outcome !== undefined) return this.outcome;
    const { ca } = this.authority;
    const certificate = await issuedBy(ca, request.csr.publicKey, {
      subjectDer: request.csr.subject.der,
    });
    this.certificates.push(certificate);
    return { kind: 'issued', certificate, chain: [ca.certificate] };
  }

  poll(request: PollRequest): Promise<Outcome> {
    this.polled.push(request);
    return Promise.resolve(this.outcome ?? { kind: 'pending' });
  }

  findCertificate: Enrollment['findCertificate'] = (_profile, issuer, serial) =>
    Promise.resolve(
      this.certificates.find((each) => each.issuer.matches(issuer) && each.serial === serial),
    );

  currentCrl: Enrollment['currentCrl'] = (_profile, issuer) =>
    Promise.resolve(issuer.matches(this.authority.ca.certificate.subject) ? this.crl : undefined);
}

/** What a SUCCESS brings, decrypted with the key of the device. */
export async function openReply(
  reply: ReadReply,
  device: TestSigner,
  codec: Pkcs7Codec,
): Promise<Buffer> {
  if (reply.content === undefined) throw new Error('the reply brings nothing');
  const envelope = codec.readEnvelope(reply.content);
  return (await codec.openEnvelope(envelope, { recipients: [device] })).content;
}

export async function certificatesIn(
  reply: ReadReply,
  device: TestSigner,
  codec: Pkcs7Codec,
): Promise<readonly Certificate[]> {
  return readBundle(await openReply(reply, device, codec)).certificates;
}
