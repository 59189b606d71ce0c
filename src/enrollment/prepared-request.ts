import type { CertificateContent } from '../issuer/index.js';
import type { EnrollmentStore, TransactionRecord } from '../store/index.js';
import { parseCertificationRequest, type CertificationRequest } from '../x509/index.js';
import { withAttested } from './attested-content.js';
import { recordedGround } from './authorize.js';
import {
  groundOf,
  refuse,
  type ConclusionDependencies,
  type OpenTransaction,
} from './conclusion.js';
import type { EnrollmentOutcome } from './enrollment.types.js';
import { decidePolicy, type PolicyDecision } from './policy.js';
import type { RequestVault } from './request-vault.js';
import { revokedSigner } from './renewal.js';
import { renewedThumbprint } from './transaction.js';

export interface PreparationDependencies extends ConclusionDependencies {
  readonly vault: RequestVault;
}

/** The CSR of a transaction and what policy grants it: what an issuer is asked for. */
export interface PreparedRequest {
  readonly kind: 'prepared';
  readonly csr: CertificationRequest;
  readonly content: CertificateContent;
  /** What was left out of the request, for the audit record. */
  readonly notes: readonly string[];
}

export function preparedRequest(
  csr: CertificationRequest,
  { content, notes }: Extract<PolicyDecision, { readonly kind: 'granted' }>,
): PreparedRequest {
  return { kind: 'prepared', csr, content, notes };
}

/**
 * Takes up what was authorized once, with today's policy. What may no longer be issued is concluded as
 * refused; `outcome` is undefined then when somebody else concluded it first.
 */
export async function prepareRequest(
  dependencies: PreparationDependencies,
  open: OpenTransaction,
): Promise<
  PreparedRequest | { readonly kind: 'concluded'; readonly outcome: EnrollmentOutcome | undefined }
> {
  if (await renewsRevoked(dependencies.store, open.record)) {
    const outcome = await refuse(dependencies, open, {
      event: 'enrollment.rejected',
      code: 'renewal.refused',
      text: revokedSigner,
      reason: revokedSigner,
    });
    return { kind: 'concluded', outcome };
  }
  const { csr, policy } = reopen(dependencies.vault, open);
  if (policy.kind === 'granted') return preparedRequest(csr, policy);
  // The policy was tightened while the request waited.
  const { code, text } = policy.refusal;
  const outcome = await refuse(dependencies, open, {
    event: 'enrollment.refused-by-issuer',
    code: 'issuer.refused',
    text,
    reason: `${code}: ${text}`,
  });
  return { kind: 'concluded', outcome };
}

/** The request as it stands sealed in the record. */
export function reopen(
  vault: RequestVault,
  { profile, record }: OpenTransaction,
): { readonly csr: CertificationRequest; readonly policy: PolicyDecision } {
  const csr = parseCertificationRequest(vault.open(record.csr));
  const policy = decidePolicy(csr, profile.policy);
  return { csr, policy: withAttested(policy, recordedGround(record), profile.policy) };
}

/** Authorized once, interrupted, and revoked before anybody came back for it. */
async function renewsRevoked(store: EnrollmentStore, record: TransactionRecord): Promise<boolean> {
  const renewed = renewedThumbprint(record);
  if (renewed === undefined || groundOf(record) !== 'renewal') return false;
  return (await store.certificate(renewed))?.revokedAt !== undefined;
}
