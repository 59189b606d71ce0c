/**
 * An upstream SCEP server as the CA of a profile: the gateway is the SCEP endpoint of the devices, and
 * sends each CSR on in a pkiMessage of its own. The CSR itself is the device's and signed with its key, so
 * nothing in it can be changed: what upstream wants to read in it, the device has to write.
 */
import { createHash } from 'node:crypto';
import { isGatewayError, type GatewayError } from '../errors/index.js';
import {
  demandAuthorization,
  type Authorization,
  type IssuanceOutcome,
  type IssuanceRequest,
  type Issuer,
  type Reconciliation,
} from '../issuer/index.js';
import type { ScepClient, ScepOutcome, ScepSession, ScepSigner } from '../scep/index.js';
import { verifyIssuedBy, type Certificate } from '../x509/index.js';
import { unforwardable } from './forwarded-request.js';
import {
  readRequestReference,
  writeRequestReference,
  type RequestReference,
} from './request-reference.js';
import { refusedOutcome } from './upstream-refusal.js';
import type { UpstreamServer } from './upstream-server.js';

export interface ReEnrollingIssuerOptions {
  readonly name: string;
  readonly server: UpstreamServer;
  readonly client: ScepClient;
  /** Signs towards upstream for a CSR with this subject (DER Name); always with the same key. */
  readonly signerFor: (subject: Buffer) => Promise<ScepSigner>;
  /**
   * What upstream reads in the challengePassword of a CSR: a password of its own that is good once, one
   * that lasts, or nothing it would look at.
   */
  readonly challenge: 'one-time' | 'fixed' | 'none';
  /**
   * True where upstream gives the stored answer to a request that comes again under its transactionID
   * (RFC 8894 leaves that open; the gateway does, NDES for the very same message only).
   */
  readonly answersAgain: boolean;
  /**
   * For an HRESULT of a FAILURE that tells of an outage behind upstream, and not of the request: whether
   * the request may have been carried out.
   */
  readonly outageOf: (hresult: number) => Unavailable['submission'] | undefined;
}

export class ReEnrollingIssuer implements Issuer {
  readonly name: string;
  readonly #options: ReEnrollingIssuerOptions;

  constructor(options: ReEnrollingIssuerOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Empty while upstream has never been reached. */
  get chain(): readonly Certificate[] {
    return this.#options.server.known?.chain ?? [];
  }

  async submit(request: IssuanceRequest, authorization: Authorization): Promise<IssuanceOutcome> {
    demandAuthorization(request, authorization);
    const refused = this.#refusedHere(request);
    return refused ?? toOutcome(await this.#guarded(() => this.#enroll(request), 'unknown'));
  }

  async retrieve(requestId: string): Promise<IssuanceOutcome> {
    const reference = readRequestReference(requestId);
    if (reference === undefined) {
      return {
        kind: 'refused',
        text: 'The CA knows no such request.',
        detail: `${JSON.stringify(requestId.slice(0, 100))} is no request id of an upstream SCEP server`,
      };
    }
    // Nothing is ever issued by asking, so an answer that was lost leaves nothing in doubt.
    return toOutcome(await this.#guarded(() => this.#poll(reference), 'none'));
  }

  /**
   * CertPoll first, which issues nothing. Then the same request again, where that cannot issue twice:
   * upstream remembers its answers, or the one-time challenge in it lets one certificate out at most.
   */
  async reconcile(request: IssuanceRequest, authorization: Authorization): Promise<Reconciliation> {
    demandAuthorization(request, authorization);
    const polled = await this.#guarded(() => this.#poll(referenceOf(this.name, request)), 'none');
    if (polled.kind === 'issued' || polled.kind === 'pending') return polled;
    if (polled.kind === 'unavailable') {
      if (polled.mistrusted) return undecidable(polled.detail);
      if (!polled.answered) return unavailableNow(polled);
    }
    const { challenge, answersAgain } = this.#options;
    if (challenge !== 'one-time' && !answersAgain) {
      return undecidable(
        `CertPoll brought ${polled.detail}; to send the request again could issue a second certificate`,
      );
    }
    const again = await this.#guarded(() => this.#enroll(request), 'unknown');
    if (again.kind === 'unavailable') {
      return again.mistrusted ? undecidable(again.detail) : unavailableNow(again);
    }
    if (again.kind !== 'refused' || answersAgain) return again;
    return undecidable(
      `sent again it was refused (${again.detail}): its one-time challenge may have been spent by a certificate that never arrived`,
    );
  }

  /** Upstream's CRL is where its CDP says. */
  currentCrl(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  #refusedHere(request: IssuanceRequest): IssuanceOutcome | undefined {
    const { challenge } = this.#options;
    if (challenge !== 'none' && request.csr.challengePassword === undefined) {
      return {
        kind: 'refused',
        text: 'The CA behind this gateway wants a challenge with every request; obtain one and enroll anew.',
        detail: `no challengePassword in the CSR, and the upstream server reads one (challenge: ${challenge})`,
      };
    }
    const asked = unforwardable(request);
    if (asked === undefined) return undefined;
    return {
      kind: 'refused',
      text: `The request asks for ${asked}; the CA behind this gateway would read it all the same.`,
      detail: `the CSR goes to the upstream server as the device signed it, with ${asked}`,
    };
  }

  async #enroll(request: IssuanceRequest): Promise<Judged> {
    const { client, server, signerFor } = this.#options;
    const { csr } = request;
    const reference = referenceOf(this.name, request);
    const { session } = await server.current();
    const outcome = await client.enroll(session, {
      csr: csr.der,
      signer: await signerFor(csr.subject.der),
      transactionId: reference.transactionId,
      messageType: 'PKCSReq',
    });
    return this.#judge(outcome, session, writeRequestReference(reference));
  }

  async #poll(reference: RequestReference): Promise<Judged> {
    const { client, server, signerFor } = this.#options;
    const { transactionId } = reference;
    const { session } = await server.current();
    const signer = await signerFor(reference.subject);
    const outcome = await client.poll(session, { csr: reference, signer, transactionId });
    return this.#judge(outcome, session, writeRequestReference(reference));
  }

  /** The client has looked at the key; here the CA's signature. */
  #judge(outcome: ScepOutcome, session: ScepSession, requestId: string): Judged {
    switch (outcome.kind) {
      case 'pending':
        return { kind: 'pending', requestId };
      case 'failed':
        return this.#outage(outcome) ?? refusedOutcome(outcome);
      case 'issued': {
        const { certificate } = outcome;
        const isSigned = session.authority.certificates.some((ca) =>
          verifyIssuedBy(certificate, ca),
        );
        if (isSigned) return { kind: 'issued', certificate };
        return {
          kind: 'unavailable',
          submission: 'unknown',
          mistrusted: true,
          detail: `the certificate ${certificate.serial} of ${certificate.issuer.text} is signed by no CA of GetCACert`,
          mend: 'Compare the CA of the upstream server with the one its certificates name.',
        };
      }
    }
  }

  #outage(refusal: Extract<ScepOutcome, { kind: 'failed' }>): Unavailable | undefined {
    const { hresult } = refusal;
    const submission = hresult === undefined ? undefined : this.#options.outageOf(hresult);
    if (submission === undefined) return undefined;
    const { detail } = refusedOutcome(refusal);
    return { kind: 'unavailable', submission, detail };
  }

  async #guarded(work: () => Promise<Judged>, lost: 'none' | 'unknown'): Promise<Judged> {
    try {
      return await work();
    } catch (error) {
      if (!isGatewayError(error)) throw error;
      const answered = error.code === 'scep.reply';
      // Perhaps its RA certificates were renewed, and the reply was good.
      if (answered) void this.#options.server.refresh();
      return { ...unavailable(error, neverSent.has(error.code) ? 'none' : lost), answered };
    }
  }
}

/** After every other fault nobody knows how far the request came. */
const neverSent: ReadonlySet<string> = new Set(['upstream.unavailable', 'upstream.denied']);

type Unavailable = Extract<IssuanceOutcome, { kind: 'unavailable' }>;

type Judged =
  | Exclude<IssuanceOutcome, Unavailable>
  | (Unavailable & {
      /** Upstream said something, which was of no use. */
      readonly answered?: boolean;
      /** It brought a certificate that cannot be believed. */
      readonly mistrusted?: boolean;
    });

/** Without what is only for `reconcile`. */
function toOutcome(judged: Judged): IssuanceOutcome {
  if (judged.kind !== 'unavailable') return judged;
  const { kind, submission, detail, mend, retryAfterSeconds } = judged;
  return {
    kind,
    submission,
    detail,
    ...(mend !== undefined && { mend }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
}

function unavailable(error: GatewayError, submission: Unavailable['submission']): Unavailable {
  const { message, detail, mend, retryAfterSeconds } = error;
  return {
    kind: 'unavailable',
    submission,
    detail: [message, detail].filter(Boolean).join(' '),
    ...(mend !== undefined && { mend }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
}

function unavailableNow({ detail, mend }: Unavailable): Reconciliation {
  return { kind: 'unavailable', detail, ...(mend !== undefined && { mend }) };
}

function undecidable(detail: string): Reconciliation {
  return { kind: 'undecidable', detail };
}

/** Towards upstream the transaction has a name of ours, the same at every attempt. */
function referenceOf(issuer: string, { transaction, csr }: IssuanceRequest): RequestReference {
  const transactionId = createHash('sha256')
    .update(JSON.stringify([issuer, transaction]))
    .digest('hex')
    .slice(0, 40);
  return { transactionId, keyId: csr.publicKey.id, subject: csr.subject.der };
}
