import {
  connectRpc,
  endpointMapperPort,
  tcpPort,
  type RpcAnswer,
  type RpcSignIn,
} from '../../dcerpc/index.js';
import { isGatewayError } from '../../errors/index.js';
import type { CaQuestion } from '../ca-answer.js';
import type { CaInterface, CaReply, CaRequest } from '../ca-interface.js';
import type { Certificate } from '../../x509/index.js';
import type { Unavailable } from '../unavailable.js';
import {
  certPassage,
  certServerRequest,
  encodeNewRequest,
  encodeStatusInspection,
  parseCertServerAnswer,
  type CertServerAnswer,
} from './cert-server-request.js';
import { answerOf } from './disposition.js';
import { faultOutage, outageOf } from './outage.js';
import { readReturned } from './returned-certificate.js';

export interface CertPassageOptions {
  readonly host: string;
  /** Of the CA service; undefined: the endpoint mapper is asked. */
  readonly port: number | undefined;
  /** Default 135. */
  readonly mapperPort?: number;
  /** Common name of the CA. */
  readonly authority: string;
  /** Ways to sign in, the best first; the next one where the server does not know one. Not empty. */
  readonly signIns: readonly RpcSignInMaker[];
  readonly connectMillis: number;
}

/** Makes what one connection signs in with. */
type RpcSignInMaker = () => Promise<RpcSignIn>;

/** The CA service itself over RPC (MS-ICPR): one connection a call, as certreq does it. */
export class CertPassage implements CaInterface {
  readonly #options: CertPassageOptions;
  /** Which way the server took last: the others cost it a connection each. */
  #preferred = 0;
  #lastBundle: readonly Certificate[] = [];

  constructor(options: CertPassageOptions) {
    this.#options = options;
  }

  /** CA certificates that came with the last certificate, in any order, not checked. */
  get lastBundle(): readonly Certificate[] {
    return this.#lastBundle;
  }

  async submit(wanted: CaRequest, signal: AbortSignal): Promise<CaReply> {
    const { csr, format, template, attributes } = wanted;
    const stub = encodeNewRequest(this.#options.authority, {
      request: csr,
      format,
      attributes: [['CertificateTemplate', template], ...attributes],
    });
    return this.#ask(stub, 'submit', signal);
  }

  async retrieve(requestId: string, signal: AbortSignal): Promise<CaReply> {
    const stub = encodeStatusInspection(this.#options.authority, Number(requestId));
    const reply = await this.#ask(stub, 'retrieve', signal, requestId);
    return reply.kind === 'issued' ? unreadable(requestId) : reply;
  }

  /** Asks for request 0, which no CA has: whatever it says of it, it answers (MS-WCCE §3.2.1.4.2.1.3). */
  async probe(signal: AbortSignal): Promise<Unavailable | undefined> {
    const reply = await this.#ask(
      encodeStatusInspection(this.#options.authority, 0),
      'retrieve',
      signal,
    );
    return reply.kind === 'unavailable' ? reply : undefined;
  }

  async #ask(
    stub: Buffer,
    question: CaQuestion,
    signal: AbortSignal,
    requestId?: string,
  ): Promise<CaReply> {
    let called = false;
    try {
      const answered = await this.#call(stub, signal);
      called = true;
      if (answered.kind === 'fault') return faultOutage(answered);
      const answer = parseCertServerAnswer(answered.stub);
      return this.#replyOf(answer, question, requestId);
    } catch (error) {
      if (!isGatewayError(error)) throw error;
      // The CA has decided, whatever it is that cannot be read.
      return { ...outageOf(error), ...(called && { submission: 'unknown' as const }) };
    }
  }

  #replyOf(answer: CertServerAnswer, question: CaQuestion, requestId: string | undefined): CaReply {
    const said = answerOf(answer, question);
    if (said.kind === 'failed') return said;
    if (requestId !== undefined && requestId !== String(answer.requestId)) {
      return {
        kind: 'unavailable',
        submission: 'none',
        detail: `The CA answered for request ${answer.requestId}, asked for ${requestId}.`,
      };
    }
    const returned = said.kind === 'issued' ? readReturned(answer) : undefined;
    if (said.kind !== 'issued' || returned === undefined) return said;
    this.#lastBundle = returned.bundle;
    const { certificate } = returned;
    return { kind: 'certificate', requestId: said.requestId, certificate };
  }

  async #call(stub: Buffer, signal: AbortSignal): Promise<RpcAnswer> {
    const { host, connectMillis } = this.#options;
    const port = this.#options.port ?? (await this.#mappedPort(signal));
    const ways = this.#options.signIns;
    for (let tried = 0; ; tried += 1) {
      const way = (this.#preferred + tried) % ways.length;
      try {
        const connection = await connectRpc({
          host,
          port,
          interface: certPassage,
          signIn: await ways[way]?.(),
          limits: { connectMillis, answerMillis: patience },
          signal,
        });
        this.#preferred = way;
        try {
          return await connection.call(certServerRequest, stub);
        } finally {
          connection.close();
        }
      } catch (error) {
        const isLast = tried + 1 >= ways.length;
        if (isLast || !isGatewayError(error) || error.code !== 'rpc.mechanism-refused') throw error;
      }
    }
  }

  #mappedPort(signal: AbortSignal): Promise<number> {
    const { host, mapperPort = endpointMapperPort, connectMillis } = this.#options;
    return tcpPort(certPassage, {
      host,
      port: mapperPort,
      // It only looks something up: who is this slow is not there.
      limits: { connectMillis, answerMillis: connectMillis },
      signal,
    });
  }
}

/** The policy module may ask far away: the signal of the caller ends the wait. */
const patience = 120_000;

/** Issued, as the CA says, but without a certificate that can be read. */
function unreadable(requestId: string): Unavailable {
  return {
    kind: 'unavailable',
    submission: 'none',
    detail: `The certificate of request ${requestId} cannot be read.`,
  };
}
