/** A SCEP client (RFC 8894): for the command line, the benchmarks, and an upstream NDES. */
import { createHash, randomBytes as systemRandomBytes } from 'node:crypto';
import { der } from '../../asn1/index.js';
import type { Pkcs7Codec } from '../../pkcs7/index.js';
import type { Bundle } from '../../pkcs7/pkijs/index.js';
import { parseCertificationRequest, serialFromBytes, type Certificate } from '../../x509/index.js';
import type { MessageTypeName } from '../message-type.js';
import { readAuthority } from './authority.js';
import { offersPost, parseCapabilities } from './capabilities.js';
import {
  asReply,
  openCertRep,
  readCertRep,
  replyFault,
  requireTrustedSigner,
  type CertRep,
} from './cert-rep.js';
import { nextCaCertificates } from './next-ca.js';
import { buildRequest } from './request-message.js';
import type {
  EnrollOptions,
  PollOptions,
  QueryOptions,
  RememberedRequest,
  RequestOptions,
  ScepClient,
  ScepOutcome,
  ScepSession,
} from './scep-client.types.js';
import { requireOk, Transport } from './transport.js';

export interface ScepClientOptions {
  /** Of the SCEP profile, e.g. `https://ca.example/certsrv/mscep/mscep.dll`. */
  readonly url: string;
  readonly codec: Pkcs7Codec;
  readonly fetch?: typeof fetch;
  /** Of each HTTP request; default 30,000. */
  readonly timeoutMs?: number;
  readonly randomBytes?: (size: number) => Buffer;
}

/**
 * Every reply is verified before it is believed.
 * Methods throw GatewayError `scep.reply` for an answer that is wrong, `scep.unreachable` for none.
 */
export function createScepClient(options: ScepClientOptions): ScepClient {
  const { codec, randomBytes = systemRandomBytes, timeoutMs = 30_000 } = options;
  const transport = new Transport({ url: options.url, timeoutMs, fetch: options.fetch ?? fetch });

  const client: ScepClient = {
    getCaCaps: async () => {
      const { status, body } = await transport.get('GetCACaps');
      // Old servers know no GetCACaps: then nothing is offered.
      return parseCapabilities(status === 200 ? body.toString('utf8') : '');
    },
    getCaCert: async ({ identifier, fingerprint } = {}) => {
      const answer = requireOk(await transport.get('GetCACert', identifier), 'GetCACert');
      return readAuthority(answer.body, fingerprint);
    },
    open: async (getCaCertOptions) => ({
      capabilities: await client.getCaCaps(),
      authority: await client.getCaCert(getCaCertOptions),
    }),
    enroll: async (session, request) => {
      const { csr, messageType = 'PKCSReq' } = request;
      const transactionId = request.transactionId ?? transactionIdOf(request);
      const reply = await exchange(session, request, messageType, transactionId, csr);
      return outcomeOf(reply, request, transactionId);
    },
    poll: async (session, request) => {
      const { transactionId } = request;
      const { subject } = remembered(request.csr);
      const content = der.sequence(session.authority.issuer.der, subject);
      const reply = await exchange(session, request, 'CertPoll', transactionId, content);
      return outcomeOf(reply, request, transactionId);
    },
    getCert: async (session, request) => {
      const found = await query(session, request, 'GetCert');
      if ('kind' in found) return found;
      const serial = serialFromBytes(request.serial);
      const certificate = found.certificates.find(
        (each) => each.serial === serial && each.issuer.matches(request.issuer),
      );
      if (!certificate) throw replyFault('The reply brings another certificate.');
      return { kind: 'found', certificate };
    },
    getCrl: async (session, request) => {
      const found = await query(session, request, 'GetCRL');
      if ('kind' in found) return found;
      const [crl] = found.crls;
      if (!crl) throw replyFault('The reply brings no CRL.');
      return { kind: 'found', crl };
    },
    getNextCaCert: async ({ authority }) => {
      const { body } = requireOk(await transport.get('GetNextCACert'), 'GetNextCACert');
      return asReply('The next CA certificates cannot be read.', () => {
        const message = codec.readSigned(body);
        requireTrustedSigner(message, authority, codec);
        return nextCaCertificates(message, authority);
      });
    },
  };
  return client;

  async function exchange(
    session: ScepSession,
    request: RequestOptions,
    messageType: MessageTypeName,
    transactionId: string,
    content: Buffer,
  ): Promise<CertRep> {
    const senderNonce = randomBytes(16);
    const outgoing = { messageType, transactionId, senderNonce, content };
    const message = await buildRequest(outgoing, session, request, codec);
    const method = request.method ?? (offersPost(session.capabilities) ? 'POST' : 'GET');
    const answer =
      method === 'POST'
        ? await transport.post('PKIOperation', message)
        : await transport.get('PKIOperation', message.toString('base64'));
    const { body } = requireOk(answer, 'PKIOperation');
    return readCertRep(body, { authority: session.authority, transactionId, senderNonce }, codec);
  }

  async function query(
    session: ScepSession,
    request: QueryOptions,
    messageType: 'GetCert' | 'GetCRL',
  ): Promise<Bundle | Extract<CertRep, { kind: 'failed' }>> {
    const content = der.sequence(request.issuer.der, der.integerFromBytes(request.serial));
    const transactionId = randomBytes(16).toString('hex');
    const reply = await exchange(session, request, messageType, transactionId, content);
    if (reply.kind === 'failed') return reply;
    if (reply.kind === 'pending') throw replyFault(`The reply to ${messageType} says PENDING.`);
    return openCertRep(reply.content, request.signer, undefined, codec);
  }

  async function outcomeOf(
    reply: CertRep,
    { csr, signer }: EnrollOptions | PollOptions,
    transactionId: string,
  ): Promise<ScepOutcome> {
    if (reply.kind !== 'success') return { ...reply, transactionId };
    const { challengePassword, keyId } = remembered(csr);
    const { certificates } = await openCertRep(reply.content, signer, challengePassword, codec);
    const certificate = leafFor(keyId, certificates);
    return { kind: 'issued', certificate, certificates, transactionId };
  }
}

/** The one that holds our key, wherever it stands. */
function leafFor(keyId: string, certificates: readonly Certificate[]): Certificate {
  const leaf = certificates.find((certificate) => certificate.publicKey.id === keyId);
  if (leaf === undefined)
    throw replyFault('The reply brings no certificate for the requested key.');
  return leaf;
}

function remembered(
  csr: PollOptions['csr'],
): RememberedRequest & { readonly challengePassword?: string | undefined } {
  if (!Buffer.isBuffer(csr)) return csr;
  const { subject, publicKey, challengePassword } = parseCertificationRequest(csr);
  return { subject: subject.der, keyId: publicKey.id, challengePassword };
}

/** The same for a repetition, another for the renewal of another certificate. */
function transactionIdOf({ csr, signer: { certificate } }: EnrollOptions): string {
  const hash = createHash('sha256').update(csr);
  if (!certificate.subject.matches(certificate.issuer)) hash.update(certificate.der);
  return hash.digest('hex');
}
