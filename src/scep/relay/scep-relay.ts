/** The conductor of a profile that another SCEP server answers: octets in, the same octets out, watched. */
import { GatewayError, isGatewayError } from '../../errors/index.js';
import type { Pkcs7Codec } from '../../pkcs7/index.js';
import { asReply, readCertRep, type CertRep } from '../client/cert-rep.js';
import type { ScepRefusal } from '../client/scep-client.types.js';
import type { ScepRequest, ScepResponse, ScepServer } from '../scep-server.types.js';
import { precheck, type Prechecked } from './precheck.js';
import { readRelayedRequest, type RelayedRequest } from './relayed-request.js';
import type {
  RelayedContent,
  RelayEvent,
  RelayProfile,
  RelayUpstream,
} from './scep-relay.types.js';

export interface ScepRelayOptions {
  readonly profiles: readonly RelayProfile[];
  readonly codec: Pkcs7Codec;
  /** For nonces; cryptographically strong. */
  readonly randomBytes: (size: number) => Buffer;
  /** Milliseconds that only grow. */
  readonly stopwatch: () => number;
  /** Called once for each PKIOperation; the answer leaves when it resolves. */
  readonly onEvent: (event: RelayEvent) => Promise<void>;
}

export function createScepRelay(options: ScepRelayOptions): ScepServer {
  return new Relay(options);
}

/** RFC 8894 §4 and its drafts. Others are refused: NDES' NDESGenerateChallenge hands out passwords. */
const passedOperations: Readonly<Record<string, string>> = {
  getnextcacert: 'GetNextCACert',
  getcacertchain: 'GetCACertChain',
  getcachain: 'GetCAChain',
};

class Relay implements ScepServer {
  readonly #options: ScepRelayOptions;
  readonly #profiles: ReadonlyMap<string, RelayProfile>;

  constructor(options: ScepRelayOptions) {
    this.#options = options;
    this.#profiles = new Map(options.profiles.map((profile) => [profile.name, profile]));
  }

  async handle(request: ScepRequest): Promise<ScepResponse> {
    const profile = this.#profiles.get(request.profile);
    if (profile === undefined) {
      throw new GatewayError('http.not-found', 'There is no such SCEP profile.');
    }
    const operation = request.operation.toLowerCase();
    switch (operation) {
      case 'pkioperation':
        return this.#pkiOperation(request, profile);
      case 'getcacaps':
        return shown(await profile.upstream.caCaps());
      case 'getcacert':
        return shown(await profile.upstream.caCert());
      default:
        return shown(await this.#query(request.operation, profile.upstream));
    }
  }

  async #query(operation: string, upstream: RelayUpstream): Promise<RelayedContent> {
    const name = passedOperations[operation.toLowerCase()];
    const answer = name === undefined ? undefined : await upstream.query(name);
    if (answer) return answer;
    const shownName = JSON.stringify(operation.slice(0, 40));
    throw new GatewayError('http.operation', `There is no SCEP operation ${shownName}.`, {
      mend: 'Known: GetCACaps, GetCACert, PKIOperation.',
    });
  }

  async #pkiOperation(request: ScepRequest, profile: RelayProfile): Promise<ScepResponse> {
    const { codec, stopwatch, onEvent } = this.#options;
    const since = stopwatch();
    const learnt: Learnt = {};
    const tell = (facts: Told): Promise<void> =>
      onEvent({
        profile: profile.name,
        client: request.client,
        transactionId: learnt.message?.transactionId.text,
        messageType: learnt.message?.messageType,
        signer: learnt.message && {
          subject: shortened(learnt.message.certificate.subject.text),
          keyId: learnt.message.certificate.publicKey.id,
        },
        challengeId: undefined,
        failInfo: undefined,
        code: undefined,
        reason: undefined,
        milliseconds: Math.round(stopwatch() - since),
        ...facts,
      });
    let checked: Prechecked;
    try {
      learnt.message = readRelayedRequest(codec, request.message ?? Buffer.alloc(0));
      checked = await precheck(learnt.message, request, profile.precheck, this.#options);
    } catch (error) {
      await tell({ outcome: 'refused', ...faultOf(error) });
      throw error;
    }
    if (checked.kind === 'answered') {
      const { response, ...facts } = checked;
      await tell({ outcome: 'refused', ...facts, reason: shortened(facts.reason) });
      return response;
    }
    const { challengeId } = checked;
    try {
      const { body, reply } = await this.#pass(request.message, learnt.message, profile.upstream);
      requireNoOutage(reply, profile);
      await checked.settle(settledBy[reply.kind]);
      await tell({ challengeId, ...answered(reply) });
      return { status: 200, contentType: 'application/x-pki-message', body };
    } catch (error) {
      const sent = !isGatewayError(error) || error.code !== 'upstream.unavailable';
      await checked.settle(sent ? 'unknown' : 'not-sent');
      await tell({ outcome: 'unavailable', challengeId, ...faultOf(error) });
      throw asOutage(error);
    }
  }

  /** @throws GatewayError `upstream.*`, or `scep.reply` for an answer that is none */
  async #pass(
    octets: Buffer = Buffer.alloc(0),
    message: RelayedRequest,
    upstream: RelayUpstream,
  ): Promise<{ readonly body: Buffer; readonly reply: CertRep }> {
    const { codec } = this.#options;
    // Known beforehand: whom nobody could believe is asked for nothing.
    const authority = await upstream.authority();
    const body = await upstream.send(octets);
    const expected = {
      transactionId: message.transactionId.text,
      senderNonce: message.senderNonce,
    };
    try {
      return { body, reply: readReply(body, { ...expected, authority }, codec) };
    } catch (error) {
      const renewed = await upstream.authority('refresh').catch(() => undefined);
      // The answer stays unbelieved, and the request sent, whatever became of the second question.
      if (renewed === undefined) throw error;
      return { body, reply: readReply(body, { ...expected, authority: renewed }, codec) };
    }
  }
}

interface Learnt {
  message?: RelayedRequest;
}

type Told = Pick<RelayEvent, 'outcome'> &
  Partial<Pick<RelayEvent, 'challengeId' | 'failInfo' | 'code' | 'reason'>>;

const settledBy = { success: 'issued', pending: 'pending', failed: 'refused' } as const;

/** Opened no further than its shape: it is sealed to the device. */
function readReply(
  body: Buffer,
  expected: Parameters<typeof readCertRep>[1],
  codec: Pkcs7Codec,
): CertRep {
  const reply = readCertRep(body, expected, codec);
  if (reply.kind === 'success') {
    asReply('The reply brings no EnvelopedData.', () => codec.readEnvelope(reply.content));
  }
  return reply;
}

function answered(reply: CertRep): Told {
  if (reply.kind !== 'failed') return { outcome: reply.kind };
  return { outcome: 'failure', failInfo: reply.failInfo, reason: shortened(wordsOf(reply)) };
}

function wordsOf({ failInfo, failInfoText, hresult }: ScepRefusal): string {
  const code = hresult === undefined ? [] : [`HRESULT 0x${hresult.toString(16).padStart(8, '0')}`];
  return [failInfo ?? 'no failInfo', ...code, ...(failInfoText ? [failInfoText] : [])].join(': ');
}

/**
 * A FAILURE is the end for a device. Where it says that the CA behind upstream does not answer, it is kept back.
 * @throws GatewayError `upstream.unavailable`, `upstream.no-answer`
 */
function requireNoOutage(reply: CertRep, { outageOf }: RelayProfile): void {
  if (reply.kind !== 'failed' || reply.hresult === undefined) return;
  const submission = outageOf(reply.hresult);
  if (submission === undefined) return;
  const code = submission === 'none' ? 'upstream.unavailable' : 'upstream.no-answer';
  throw new GatewayError(code, 'The CA behind this gateway cannot be reached.', {
    detail: `the upstream server answered FAILURE: ${wordsOf(reply)}`,
  });
}

/** A device never sees FAILURE for an outage, nor an answer that is none: it comes again. */
function asOutage(error: unknown): unknown {
  if (!isGatewayError(error)) return error;
  const { code, message, detail, retryAfterSeconds = usualRetrySeconds } = error;
  if (error.class === 'unavailable') {
    return new GatewayError(code, message, {
      cause: error,
      ...(detail !== undefined && { detail }),
      retryAfterSeconds,
    });
  }
  if (code !== 'scep.reply') return error;
  return new GatewayError('upstream.no-answer', 'The server behind the gateway gave no answer.', {
    cause: error,
    detail: [message, detail].filter(Boolean).join(' '),
    retryAfterSeconds,
  });
}

const usualRetrySeconds = 30;

function faultOf(error: unknown): Pick<Told, 'code' | 'reason'> {
  if (!isGatewayError(error)) return { code: 'internal', reason: 'see the log' };
  const { code, message, detail } = error;
  return { code, reason: shortened([message, detail].filter(Boolean).join(' ')) };
}

function shown({ contentType, body }: RelayedContent): ScepResponse {
  return { status: 200, contentType, body };
}

/** For the trail, which is kept for years: a name may be as long as the message. */
function shortened(text: string): string {
  return text.length <= 1000 ? text : `${text.slice(0, 999)}…`;
}
