/** PKIOperation (RFC 8894 §4.3): decode, ask enrollment, encode. Every fault of the message ends in a CertRep. */
import { GatewayError, isGatewayError } from '../errors/index.js';
import type { ContentCipher, DigestAlgorithm, Envelope, Pkcs7Codec } from '../pkcs7/index.js';
import type { Certificate } from '../x509/index.js';
import { requireCipher, requireDigest } from './algorithm-floor.js';
import { pkcsReq, renewalReq } from './enroll-operation.js';
import { certRepFailure, type Failure } from './failure.js';
import { describeMessageType, type MessageType } from './message-type.js';
import {
  readMessageType,
  receiveMessage,
  requireUsableNonce,
  type ReceivedMessage,
} from './pki-message.js';
import { certPoll } from './poll-operation.js';
import { getCert, getCrl } from './query-operation.js';
import { signReply, type Reply } from './reply.js';
import type { Answer, Operation, Services } from './request.js';
import type { ScepEvent } from './scep-event.js';
import type { ScepProfile, ScepRequest, ScepResponse } from './scep-server.types.js';

export interface PkiOperationServices extends Services {
  readonly randomBytes: (size: number) => Buffer;
  readonly onEvent: (event: ScepEvent) => void;
}

export async function pkiOperation(
  request: ScepRequest,
  profile: ScepProfile,
  services: PkiOperationServices,
): Promise<ScepResponse> {
  if (request.message === undefined || request.message.length === 0) {
    throw new GatewayError('http.message', 'This is no SCEP message. It is empty.');
  }
  const message = receiveMessage(services.codec, request.message);
  const ra = profile.registrationAuthority();
  const learnt: Learnt = {};
  const answer = await answerMessage(message, request, profile, ra.decryption, services, learnt);
  const failure =
    answer.kind === 'refused'
      ? certRepFailure(answer.fault, request.client.correlationId)
      : undefined;
  services.onEvent(eventOf(request, message, learnt, answer, failure));
  if (answer.kind === 'unavailable') return comeAgain(answer.retryAfterSeconds);
  const { codec, randomBytes } = services;
  return {
    status: 200,
    contentType: 'application/x-pki-message',
    body: await signReply(
      replyOf(answer, failure),
      {
        transactionId: message.transactionId,
        senderNonce: message.senderNonce,
        digest: replyDigest(profile, message.digest),
        isWindows: isWindows(request.client.userAgent),
      },
      { codec, profile, signer: ra.signing, randomBytes },
    ),
  };
}

/** For the event: filled in as far as the message could be followed. */
interface Learnt {
  messageType?: MessageType;
  signer?: Certificate;
  cipher?: ContentCipher;
}

/**
 * Names before numbers: what the profile refuses by name is refused before any private key is used.
 * Faults of the message come back as `refused`.
 */
async function answerMessage(
  { body, transactionId }: ReceivedMessage,
  { client }: ScepRequest,
  profile: ScepProfile,
  decryption: ReturnType<ScepProfile['registrationAuthority']>['decryption'],
  { codec, enrollment }: Services,
  learnt: Learnt,
): Promise<Answer> {
  if (body.kind === 'unsupported') return { kind: 'refused', fault: body.fault };
  try {
    const { signed, signer } = body;
    const messageType = readMessageType(signer);
    learnt.messageType = messageType;
    requireUsableNonce(signer);
    requireDigest(profile.floor, signer.digest);
    const { certificate } = signer;
    if (certificate === undefined || !codec.verifySigned(signed, certificate)) {
      throw new GatewayError('cms.signature', 'The signature does not verify.');
    }
    learnt.signer = certificate;
    const operation = operationFor(messageType);
    const envelope = readEnvelope(signed.content, codec);
    learnt.cipher = envelope.cipher;
    requireCipher(profile.floor, envelope.cipher);
    return await operation(
      {
        profile,
        transactionId: transactionId.octets,
        signer: certificate,
        envelope,
        decryption,
        client,
      },
      { codec, enrollment },
    );
  } catch (error) {
    if (isGatewayError(error)) return { kind: 'refused', fault: error };
    throw error;
  }
}

/** Default deny: a type that is not listed reaches nothing (CVE-2026-30836 was an UpdateReq that did). */
function operationFor(messageType: MessageType): Operation {
  switch (messageType.kind) {
    case 'PKCSReq':
      return pkcsReq;
    case 'RenewalReq':
      return renewalReq;
    case 'CertPoll':
      return certPoll;
    case 'GetCert':
      return getCert;
    case 'GetCRL':
      return getCrl;
    case 'UpdateReq':
    case 'CertRep':
    case 'unknown':
      throw new GatewayError(
        'scep.message-type',
        `The messageType ${describeMessageType(messageType)} is not served here.`,
      );
  }
}

function readEnvelope(content: Buffer | undefined, codec: Pkcs7Codec): Envelope {
  if (content === undefined) throw new GatewayError('cms.malformed', 'The message has no content.');
  return codec.readEnvelope(content);
}

function replyOf(
  answer: Exclude<Answer, { kind: 'unavailable' }>,
  failure: Failure | undefined,
): Reply {
  if (answer.kind !== 'refused') return answer;
  if (failure !== undefined) return { kind: 'failure', failure };
  const { fault } = answer;
  throw isGatewayError(fault) ? fault : new GatewayError(fault.code, fault.message);
}

/** SHA-1 clients choke on SHA-256 replies (C4), so the digest follows the request above the floor. */
function replyDigest({ floor }: ScepProfile, asked: DigestAlgorithm | undefined): DigestAlgorithm {
  return asked !== undefined && floor.digests.includes(asked) ? asked : 'sha256';
}

/** `Mozilla/4.0 (compatible; Win32; NDES client)`, as the MDM client and certreq send it. */
function isWindows(userAgent: string | undefined): boolean {
  return userAgent !== undefined && /\bNDES client\b/i.test(userAgent);
}

function comeAgain(retryAfterSeconds: number): ScepResponse {
  return {
    status: 503,
    contentType: 'text/plain',
    body: Buffer.from('The CA cannot answer now. Come again later.\n'),
    retryAfterSeconds,
  };
}

function eventOf(
  request: ScepRequest,
  { transactionId, digest }: ReceivedMessage,
  learnt: Learnt,
  answer: Answer,
  failure: Failure | undefined,
): ScepEvent {
  const fault = answer.kind === 'refused' ? answer.fault : undefined;
  return {
    profile: request.profile,
    correlationId: request.client.correlationId,
    clientAddress: request.client.address,
    transactionId: transactionId.text,
    digest,
    cipher: learnt.cipher,
    messageType: learnt.messageType && describeMessageType(learnt.messageType),
    signer: learnt.signer && shortened(learnt.signer.subject.text),
    outcome: answer.kind !== 'refused' ? answer.kind : failure === undefined ? 'error' : 'failure',
    failInfo: failure?.failInfo,
    code: fault?.code,
    reason: fault && shortened([fault.message, fault.detail].filter(Boolean).join(' ')),
  };
}

/** For the log: a name may be as long as the message. */
function shortened(text: string): string {
  return text.length <= 1000 ? text : `${text.slice(0, 999)}…`;
}
