import {
  attestedBy,
  demandAuthorization,
  type Authorization,
  type IssuanceOutcome,
  type IssuanceRequest,
  type Issuer,
  type Notice,
} from '../issuer/index.js';
import { parseCrl, verifyIssuedBy, type Certificate } from '../x509/index.js';
import { addedExtensions, unheard } from './added-extensions.js';
import type { CaChainSource } from './ca-chain-source.js';
import type { CaInterface, CaReply } from './ca-interface.js';
import { coSigned, isCoSigned, type CoSigning } from './co-signing.js';
import { beyondGranted } from './granted-content.js';
import { faultOfIssued } from './issued-certificate.js';
import type { RaReply } from './ra-enrollment.js';
import { outcomeOf } from './refusal.js';
import { claimThatOverrules } from './request-claims.js';
import { chooseTemplate, fixedTemplate, type TemplateRule } from './template-choice.js';
import type { Unavailable } from './unavailable.js';

export interface AdcsIssuerOptions {
  readonly name: string;
  readonly ca: CaInterface;
  /** As whom the CA knows the gateway. */
  readonly identity: string | undefined;
  readonly templates: TemplateRule;
  readonly attributes: readonly (readonly [string, string])[];
  readonly chain: CaChainSource;
  /** Undefined: the CSR goes bare. */
  readonly coSigning?: CoSigning | undefined;
  /** How long a submission may take, of which the CA's policy module takes most; default 60 000. */
  readonly submitMillis?: number;
  /** Hears of a CA that answers another question than it was asked: somebody must look. */
  readonly report: (notice: Notice) => void;
  readonly clock: () => Date;
}

/** AD CS through one of its interfaces. The CSR goes as the device signed it, bare or with more signatures round it. */
export class AdcsIssuer implements Issuer {
  readonly name: string;
  readonly identity?: string;
  readonly #options: AdcsIssuerOptions;
  #crl: { readonly der: Buffer; readonly until: Date } | undefined;

  constructor(options: AdcsIssuerOptions) {
    this.name = options.name;
    if (options.identity !== undefined) this.identity = options.identity;
    this.#options = options;
  }

  get chain(): readonly Certificate[] {
    return this.#options.chain.current;
  }

  async submit(request: IssuanceRequest, authorization: Authorization): Promise<IssuanceOutcome> {
    demandAuthorization(request, authorization);
    const { ca, attributes, templates, chain, submitMillis } = this.#options;
    const { csr, content } = request;
    const rule = request.template === undefined ? templates : fixedTemplate(request.template);
    const template = chooseTemplate(rule, csr);
    const coSigning = this.#coSigningFor(template);
    const additions = coSigning?.form === 'cmc' ? coSigning.additions : [];
    const added = addedExtensions(csr, content, attestedBy(authorization.ground), additions);
    const claim =
      claimThatOverrules(csr, template) ??
      beyondGranted(csr, content) ??
      unheard(csr, content, added);
    if (claim !== undefined) return { kind: 'refused', text: claim, detail: claim };
    // Before anything is sent: a certificate that cannot be checked is of no use.
    const outage = await chain.demand(AbortSignal.timeout(limits.chainMillis));
    if (outage !== undefined) return outage;
    const wrapped = coSigning
      ? await coSigned(coSigning, csr, added, this.#options.clock())
      : ({ format: 'pkcs10', csr: csr.der } as const);
    if ('kind' in wrapped) return wrapped;

    const answer = await ca.submit(
      { ...wrapped, template, attributes },
      AbortSignal.timeout(submitMillis ?? limits.submitMillis),
    );
    switch (answer.kind) {
      case 'unavailable':
        return answer;
      case 'pending':
        return answer;
      case 'denied':
      case 'failed':
        return outcomeOf(answer, 'submit');
      case 'issued':
        return this.#fetchIssued(answer.requestId, request);
      case 'certificate':
        return this.#checked(answer, request.csr.publicKey.id, request.correlationId);
    }
  }

  /** For RA keys of the gateway; what devices ask for comes through `submit`, with an Authorization. */
  async certify(csr: Buffer, template: string, csrKey: string): Promise<RaReply> {
    const { ca, attributes, chain, submitMillis } = this.#options;
    const outage = await chain.demand(AbortSignal.timeout(limits.chainMillis));
    if (outage !== undefined) return outage;
    const signal = AbortSignal.timeout(submitMillis ?? limits.submitMillis);
    const reply = await ca.submit({ csr, format: 'pkcs10', template, attributes }, signal);
    if (reply.kind !== 'certificate') return reply;
    const { certificate, requestId } = reply;
    const fault = await this.#faultOf(certificate, csrKey);
    if (fault === undefined) return { kind: 'certificate', certificate };
    // With an id the caller notes it, so that this request is asked after and no other is made.
    return requestId === undefined
      ? this.#wrongAnswer(requestId, fault)
      : { kind: 'issued', requestId };
  }

  async retrieve(
    requestId: string,
    csrKey: string,
    correlationId?: string,
  ): Promise<IssuanceOutcome> {
    const { ca } = this.#options;
    if (!(ca.isRequestId?.(requestId) ?? isAdcsRequestId(requestId))) {
      return {
        kind: 'refused',
        text: 'The CA knows no such request.',
        detail: `${JSON.stringify(requestId.slice(0, 64))} is no request id of AD CS`,
      };
    }
    const signal = AbortSignal.timeout(limits.retrieveMillis);
    return this.#outcome(await ca.retrieve(requestId, signal), csrKey, correlationId);
  }

  async currentCrl(): Promise<Buffer | undefined> {
    const { ca, clock } = this.#options;
    if (ca.crl === undefined) return undefined;
    if (this.#crl && this.#crl.until > clock()) return this.#crl.der;
    const der = await ca.crl(AbortSignal.timeout(limits.chainMillis));
    const [issuing] = this.chain;
    if (!Buffer.isBuffer(der) || issuing === undefined) return this.#crl?.der;
    const crl = parseCrl(der);
    if (!verifyIssuedBy(crl, issuing)) {
      this.#alarm(`The CRL of ${this.name} is not signed by its CA; it is not passed on.`);
      return this.#crl?.der;
    }
    this.#crl = { der, until: new Date(clock().getTime() + limits.crlMillis) };
    return der;
  }

  /** CA certificates before the present one, whose certificates still renew. */
  get replacedCas(): readonly Certificate[] {
    return this.#options.chain.known.slice(1);
  }

  /** Takes up a chain that another process has learnt. @returns whether there was one */
  reload(): Promise<boolean> {
    return this.#options.chain.reload();
  }

  /** Looks whether the CA can be reached and still is the one it was. Never rejects. */
  async maintain(): Promise<readonly Notice[]> {
    const { ca } = this.#options;
    const signal = AbortSignal.timeout(limits.maintainMillis);
    const outage = (await ca.probe?.(signal)) ?? (await this.refreshChain(signal));
    if (outage === undefined) return [];
    const { detail, mend } = outage;
    const text = [`The CA of issuer ${this.name} cannot be asked: ${detail}`, mend].filter(Boolean);
    return [{ severity: 'error', code: 'upstream.failed', text: text.join(' ') }];
  }

  /** Asks the CA for its certificates. @returns why it cannot be told, or is not believed */
  refreshChain(signal: AbortSignal): Promise<Unavailable | undefined> {
    return this.#options.chain.refresh(signal);
  }

  #coSigningFor(template: string): CoSigning | undefined {
    const { coSigning } = this.#options;
    return coSigning && isCoSigned(coSigning, template) ? coSigning : undefined;
  }

  #alarm(text: string, correlationId?: string): void {
    this.#options.report({ severity: 'error', code: 'upstream.failed', text, correlationId });
  }

  /** The id is known: whatever happens now, a later poll finds the certificate. */
  async #fetchIssued(
    requestId: string,
    { csr, correlationId }: IssuanceRequest,
  ): Promise<IssuanceOutcome> {
    const signal = AbortSignal.timeout(limits.retrieveMillis);
    const retrieved = await this.#options.ca.retrieve(requestId, signal);
    // The CA has just said that there is one: an error in place of it is no word on the request.
    if (retrieved.kind === 'unavailable' || retrieved.kind === 'failed')
      return { kind: 'pending', requestId };
    return this.#outcome(retrieved, csr.publicKey.id, correlationId);
  }

  async #outcome(
    retrieved: CaReply,
    csrKey: string,
    correlationId: string | undefined,
  ): Promise<IssuanceOutcome> {
    switch (retrieved.kind) {
      case 'certificate':
        return this.#checked(retrieved, csrKey, correlationId);
      case 'denied':
      case 'failed':
        return outcomeOf(retrieved, 'retrieve');
      case 'issued':
        // Asked for the certificate, the CA says again that there is one: later, then.
        return { kind: 'pending', requestId: retrieved.requestId };
      case 'pending':
      case 'unavailable':
        return retrieved;
    }
  }

  async #checked(
    { certificate, requestId }: Extract<CaReply, { kind: 'certificate' }>,
    csrKey: string,
    correlationId: string | undefined,
  ): Promise<IssuanceOutcome> {
    const fault = await this.#faultOf(certificate, csrKey);
    return fault === undefined
      ? { kind: 'issued', certificate }
      : this.#wrongAnswer(requestId, fault, correlationId);
  }

  async #faultOf(certificate: Certificate, csrKey: string): Promise<string | undefined> {
    const { chain } = this.#options;
    const fault = () => faultOfIssued(certificate, csrKey, chain.known);
    // The CA may have been renewed since its certificates were fetched.
    if (fault() !== undefined) await chain.refresh(AbortSignal.timeout(limits.chainMillis));
    return fault();
  }

  #wrongAnswer(requestId: string | undefined, fault: string, correlationId?: string): Unavailable {
    const which = requestId === undefined ? 'a request' : `request ${requestId}`;
    const detail = `The CA answered ${which} with a wrong certificate: ${fault}.`;
    this.#alarm(detail, correlationId);
    return {
      kind: 'unavailable',
      submission: 'unknown',
      detail,
      mend: `Look ${requestId === undefined ? 'the newest requests' : which} up at the CA and find out whose certificate that is; a machine between gateway and CA may have changed the answer.`,
    };
  }
}

function isAdcsRequestId(text: string): boolean {
  return /^\d{1,10}$/.test(text) && Number(text) <= 0xffff_ffff;
}

/** Their sum stays under the two minutes that the Issuer contract allows. */
const limits = {
  chainMillis: 20_000,
  submitMillis: 60_000,
  retrieveMillis: 20_000,
  crlMillis: 600_000,
  /** Short: the start of the gateway waits for it. */
  maintainMillis: 5_000,
} as const;
