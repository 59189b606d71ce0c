/** Looking into a request on its way, where upstream's RA keys are here, too. */
import { GatewayError, isGatewayError } from '../../errors/index.js';
import type { Pkcs7Codec } from '../../pkcs7/index.js';
import { verifyProofOfPossession } from '../../x509/index.js';
import { requireCipher, requireDigest } from '../algorithm-floor.js';
import { certRepFailure, type Fault } from '../failure.js';
import { openRequest } from '../opened-request.js';
import { signReply } from '../reply.js';
import type { ScepRequest, ScepResponse } from '../scep-server.types.js';
import type { RelayedRequest } from './relayed-request.js';
import type { PrecheckVerdict, RelayEvent, RelayPrecheck } from './scep-relay.types.js';

export type Prechecked =
  | Extract<PrecheckVerdict, { kind: 'pass' }>
  /** It goes no further: this is what the device is told. */
  | {
      readonly kind: 'answered';
      readonly response: ScepResponse;
      readonly code: NonNullable<RelayEvent['code']>;
      readonly reason: string;
      readonly challengeId: string | undefined;
    };

interface Services {
  readonly codec: Pkcs7Codec;
  readonly randomBytes: (size: number) => Buffer;
}

/** Passes everything where there are no keys to look with, and whatever asks for no certificate. */
export async function precheck(
  message: RelayedRequest,
  request: ScepRequest,
  checking: RelayPrecheck | undefined,
  services: Services,
): Promise<Prechecked> {
  const { messageType } = message;
  if (!checking || (messageType !== 'PKCSReq' && messageType !== 'RenewalReq')) return unchecked;
  const judged = await judge(message, request, checking, services.codec);
  if (judged.kind === 'pass') return judged;
  const { fault, reason, challengeId } = judged;
  const failure = certRepFailure(fault, request.client.correlationId);
  if (failure === undefined) throw new GatewayError(fault.code, fault.message);
  const body = await signReply(
    { kind: 'failure', failure },
    {
      transactionId: message.transactionId,
      senderNonce: message.senderNonce,
      digest: checking.floor.digests.includes(message.signer.digest)
        ? message.signer.digest
        : 'sha256',
    },
    { ...services, profile: checking, signer: checking.registrationAuthority().signing },
  );
  return {
    kind: 'answered',
    response: { status: 200, contentType: 'application/x-pki-message', body },
    code: fault.code,
    reason,
    challengeId,
  };
}

const unchecked: Prechecked = {
  kind: 'pass',
  challengeId: undefined,
  settle: () => Promise.resolve(),
};

type Judged =
  | Extract<PrecheckVerdict, { kind: 'pass' }>
  | {
      readonly kind: 'faulty';
      readonly fault: Fault;
      readonly reason: string;
      readonly challengeId: string | undefined;
    };

/** In the order of our own operations: names, signature, key, possession, and only then the challenge. */
async function judge(
  { signed, signer, certificate, envelope, messageType, transactionId }: RelayedRequest,
  { profile, client }: ScepRequest,
  checking: RelayPrecheck,
  codec: Pkcs7Codec,
): Promise<Judged> {
  try {
    requireDigest(checking.floor, signer.digest);
    if (!codec.verifySigned(signed, certificate)) {
      throw new GatewayError('cms.signature', 'The signature does not verify.');
    }
    requireCipher(checking.floor, envelope.cipher);
    const { decryption } = checking.registrationAuthority();
    const { csr } = await openRequest(() =>
      codec.openEnvelope(envelope, { recipients: decryption }),
    );
    if (!verifyProofOfPossession(csr)) {
      throw new GatewayError(
        'csr.proof-of-possession',
        'The request is not signed with its own key.',
      );
    }
    const verdict = await checking.check({
      profile,
      messageType,
      transactionId: transactionId.octets,
      csr,
      signer: certificate,
      client,
    });
    if (verdict.kind === 'pass') return verdict;
    const { code, text, reason, challengeId } = verdict;
    return { kind: 'faulty', fault: { code, message: text }, reason, challengeId };
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    const reason = [error.message, error.detail].filter(Boolean).join(' ');
    return { kind: 'faulty', fault: error, reason, challengeId: undefined };
  }
}
