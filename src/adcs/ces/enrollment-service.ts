import { randomUUID } from 'node:crypto';
import type { WebClient } from '../../web-client/index.js';
import type { Certificate } from '../../x509/index.js';
import type { CaQuestion } from '../ca-answer.js';
import type { CaInterface, CaReply, CaRequest } from '../ca-interface.js';
import { meaningOf } from '../hresult-meaning.js';
import { outcomeOf } from '../refusal.js';
import { readReturned } from '../returned-certificate.js';
import type { Unavailable } from '../unavailable.js';
import { notAnswered, statusOutage } from '../web-outage.js';
import { readAnswer } from './answer.js';
import { replyOfFault } from './fault-reply.js';
import { isRequestId } from './request-id.js';
import { encodeIssue, encodeQuery } from './token-request.js';
import type { TokenResponse } from './token-response.js';
import type { UserNameToken } from './user-name-token.js';
import { withoutPassword } from './without-password.js';

export interface EnrollmentServiceOptions {
  /** Signs in by itself where that is not done in the message. */
  readonly client: Pick<WebClient, 'send'>;
  /** Of the service, `https://ca1.corp.example/CORP-CA1-CA_CES_Kerberos/service.svc/CES`. */
  readonly url: string;
  /** Signs in with each message. */
  readonly token: UserNameToken | undefined;
  readonly clock: () => Date;
}

type Answered = Extract<Awaited<ReturnType<WebClient['send']>>, { readonly kind: 'answered' }>;

/** The Certificate Enrollment Web Service (MS-WSTEP): SOAP over HTTPS, one POST a question. */
export class EnrollmentService implements CaInterface {
  readonly #options: EnrollmentServiceOptions;
  #lastBundle: readonly Certificate[] = [];

  constructor(options: EnrollmentServiceOptions) {
    this.#options = options;
  }

  /** Certificates that came with the last one, in any order, not checked. */
  get lastBundle(): readonly Certificate[] {
    return this.#lastBundle;
  }

  isRequestId(text: string): boolean {
    return isRequestId(text);
  }

  async submit(wanted: CaRequest, signal: AbortSignal): Promise<CaReply> {
    return this.#ask((addressing) => encodeIssue(wanted, addressing), undefined, signal);
  }

  async retrieve(requestId: string, signal: AbortSignal): Promise<CaReply> {
    const reply = await this.#ask(
      (addressing) => encodeQuery(requestId, addressing),
      requestId,
      signal,
    );
    if (reply.kind === 'issued') return { ...unreadableCertificate, submission: 'none' };
    // Nothing is changed by asking, so nothing is outstanding, whatever came back.
    return reply.kind === 'unavailable' ? { ...reply, submission: 'none' } : reply;
  }

  /** Asks for request 0, which no CA has: whatever it says of it, it answers and lets us in. */
  async probe(signal: AbortSignal): Promise<Unavailable | undefined> {
    const reply = await this.retrieve('0', signal);
    if (reply.kind === 'unavailable') return reply;
    if ((reply.kind !== 'failed' && reply.kind !== 'denied') || reply.hresult === undefined) {
      return undefined;
    }
    const { class: lasting, login, ofCaller } = meaningOf(reply.hresult);
    if (lasting !== 'transient' && !login && !ofCaller) return undefined;
    const outcome = outcomeOf(reply, 'retrieve');
    return outcome.kind === 'unavailable' ? outcome : undefined;
  }

  /** @param asked id of the request that is asked after; undefined for a new one */
  async #ask(
    encode: (addressing: Parameters<typeof encodeIssue>[1]) => Buffer,
    asked: string | undefined,
    signal: AbortSignal,
  ): Promise<CaReply> {
    const { client, url, token, clock } = this.#options;
    const messageId = `urn:uuid:${randomUUID()}`;
    const { pathname, search } = new URL(url);
    const outcome = await client.send({
      method: 'POST',
      path: `${pathname}${search}`,
      headers: { 'content-type': 'application/soap+xml; charset=utf-8' },
      body: encode({ messageId, to: url, token, now: clock() }),
      signal,
    });
    if (outcome.kind !== 'answered') return notAnswered(outcome);
    return this.#replyOf(outcome, messageId, asked);
  }

  #replyOf(answered: Answered, messageId: string, asked: string | undefined): CaReply {
    const { status, body } = answered;
    if (status >= 300 && status < 400) return statusOutage(answered, mends);
    const answer = readAnswer(body, messageId);
    const question: CaQuestion = asked === undefined ? 'submit' : 'retrieve';
    switch (answer.kind) {
      case 'fault':
        return replyOfFault(withoutPassword(answer.fault, this.#options.token), question);
      case 'response':
        return this.#replyOfResponse(answer.response, asked);
      case 'unreadable':
        return status >= 400 ? statusOutage(answered, mends) : notCes(answer.reason);
    }
  }

  #replyOfResponse(response: TokenResponse, asked: string | undefined): CaReply {
    const { certificate } = response;
    if (asked !== undefined && response.requestId !== undefined && response.requestId !== asked) {
      return {
        kind: 'unavailable',
        submission: 'none',
        detail: `The CA answered for request ${response.requestId}, asked for ${asked}.`,
      };
    }
    const requestId = asked ?? response.requestId;
    const returned = readReturned(response);
    if (returned !== undefined) {
      this.#lastBundle = returned.bundle;
      return { kind: 'certificate', requestId, certificate: returned.certificate };
    }
    if (requestId === undefined) return unreadableCertificate;
    return { kind: certificate === undefined ? 'pending' : 'issued', requestId };
  }
}

const unreadableCertificate: Unavailable = {
  kind: 'unavailable',
  submission: 'unknown',
  detail: 'CES answered with neither a certificate that can be read nor a request id.',
};

function notCes(reason: string): Unavailable {
  return {
    kind: 'unavailable',
    submission: 'unknown',
    detail: `What answers there is no CES. ${reason}.`,
    mend: endpoint,
  };
}

const endpoint =
  'Check `url`: CES answers under /<name of the CA>_CES_<way to sign in>/service.svc/CES, and its role must be installed on that server.';

const mends = {
  400: endpoint,
  403: 'Check that `url` is that of the way to sign in which the issuer has, SSL settings and client certificates of the IIS application, and that the account may use it.',
  404: endpoint,
  405: endpoint,
  415: endpoint,
};
