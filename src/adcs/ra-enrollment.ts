import type { IssuanceOutcome, RaEnrollment, RaKeeper, RaRequest } from '../issuer/index.js';
import type { Certificate } from '../x509/index.js';
import type { CaAnswer } from './ca-answer.js';
import { outcomeOf } from './refusal.js';
import type { Unavailable } from './unavailable.js';

/** Templates of the RA certificates; those of NDES are `EnrollmentAgentOffline` and `CEPEncryption`. */
export interface RaTemplates {
  /** Also where one certificate does both. */
  readonly signing: string;
  readonly encryption: string;
}

export type RaReply =
  | CaAnswer
  | Unavailable
  /** Checked: for this key, and of this CA. */
  | { readonly kind: 'certificate'; readonly certificate: Certificate };

/** A CA that the gateway asks for itself, for its own keys: no device's request comes this way. */
export interface RaIssuer {
  /** @param csrKey KeyId of the CSR */
  certify(csr: Buffer, template: string, csrKey: string): Promise<RaReply>;
  retrieve(requestId: string, csrKey: string): Promise<IssuanceOutcome>;
}

/**
 * Brings RA certificates from AD CS: what was asked for before is asked after, the rest asked for. Each
 * request id is kept before its certificate is fetched, and a certificate that comes at once until those of all
 * requests are there, so a stop in between costs nothing.
 */
export async function enrollRa(
  keeper: RaKeeper,
  issuer: RaIssuer,
  templates: RaTemplates,
): Promise<RaEnrollment> {
  const certificates: Certificate[] = [];
  const pending: string[] = [];
  for (const request of await keeper.request()) {
    const outcome = await enrollOne(keeper, issuer, request, templates);
    switch (outcome.kind) {
      case 'issued':
        certificates.push(outcome.certificate);
        break;
      case 'pending':
        pending.push(outcome.requestId);
        break;
      case 'refused':
        // A denied request is at its end; the same CSR may be sent again when the reason is mended.
        await keeper.noteRequestId(request.keyId, undefined);
        return { kind: 'refused', detail: outcome.detail };
      case 'unavailable':
        return outcome;
    }
  }
  if (pending.length > 0) return { kind: 'pending', requestIds: pending };
  return { kind: 'installed', status: await keeper.install(certificates, 'enrolled') };
}

async function enrollOne(
  keeper: RaKeeper,
  issuer: RaIssuer,
  { purpose, csr, keyId, requestId, certificate }: RaRequest,
  templates: RaTemplates,
): Promise<IssuanceOutcome> {
  if (certificate !== undefined) return { kind: 'issued', certificate };
  if (requestId !== undefined) return issuer.retrieve(requestId, keyId);
  const template = purpose === 'encryption' ? templates.encryption : templates.signing;
  const answer = await issuer.certify(csr, template, keyId);
  switch (answer.kind) {
    case 'unavailable':
      return answer;
    case 'denied':
    case 'failed':
      return outcomeOf(answer, 'submit');
    case 'certificate':
      await keeper.noteCertificate(keyId, answer.certificate);
      return { kind: 'issued', certificate: answer.certificate };
    case 'issued':
    case 'pending':
      await keeper.noteRequestId(keyId, answer.requestId);
      return answer.kind === 'pending' ? answer : issuer.retrieve(answer.requestId, keyId);
  }
}
