import type { ChallengeUse, ChallengeValidator, ChallengeVerdict } from '../challenge/index.js';
import { readableOr, type ErrorCode } from '../errors/index.js';
import { attestedBy, type Authorization, type AuthorizationGround } from '../issuer/index.js';
import { mintAuthorization } from '../issuer/authorization-mint.js';
import type { CertificateRecord, ChallengeId, TransactionRecord } from '../store/index.js';
import { approverOf } from './conclusion.js';
import {
  extensionOids,
  readSubjectAltNames,
  sidOf,
  subjectAltNameText,
  type Certificate,
} from '../x509/index.js';
import type { EnrollmentRequest } from './enrollment.types.js';
import type { EnrollmentProfile } from './profile.js';
import { renewalRefusal } from './renewal.js';

/** What a request has to show for itself. */
export type Credential =
  | { readonly kind: 'ground'; readonly ground: AuthorizationGround }
  | { readonly kind: 'challenge'; readonly password: string }
  | { readonly kind: 'none'; readonly code: ErrorCode; readonly text: string };

/**
 * Default deny: a certificate of ours that may be renewed, else a challenge, else the profile's own
 * word that anyone may enroll. Never the message type alone (CVE-2026-30836, CVE-2025-44005).
 */
export function credentialOf(
  request: EnrollmentRequest,
  renewed: CertificateRecord | undefined,
  profile: EnrollmentProfile,
  now: Date,
): Credential {
  const refusal = renewed && renewalRefusal(renewed, request.csr, profile.renewal, now);
  if (renewed && refusal === undefined) {
    return {
      kind: 'ground',
      ground: {
        by: 'renewal',
        certificateSerial: renewed.serial,
        sid: sidOf(request.signer),
        san: namesIn(request.signer),
      },
    };
  }
  const password = request.csr.challengePassword;
  if (request.intent === 'any') {
    if (password !== undefined && takesChallenges(profile)) return { kind: 'challenge', password };
    if (profile.openToAnyone && renewed === undefined) {
      return { kind: 'ground', ground: { by: 'open-profile', profile: profile.name } };
    }
  }
  if (refusal !== undefined) return { kind: 'none', code: 'renewal.refused', text: refusal };
  if (request.intent === 'renewal') {
    return {
      kind: 'none',
      code: 'renewal.refused',
      text: 'The renewal is not signed with a certificate that this profile issued; enroll with a challenge.',
    };
  }
  return {
    kind: 'none',
    code: 'challenge.missing',
    text: 'The request has no challenge password. Obtain one and put it into the request.',
  };
}

function namesIn(certificate: Certificate): string[] | undefined {
  const extension = certificate.extension(extensionOids.subjectAltName);
  return (
    extension &&
    readableOr(undefined, () => readSubjectAltNames(extension.value).map(subjectAltNameText))
  );
}

function takesChallenges(profile: EnrollmentProfile): boolean {
  return profile.dynamicChallenges || profile.staticChallenges || profile.externalChallenges;
}

/** One text for every refused challenge: which of unknown, used, expired or bound it is, the audit record says. */
export const challengeRefusal =
  'The challenge password cannot be verified: it is unknown, expired, used already, or meant for another device. Obtain a new one.';

export async function checkChallenge(
  password: string,
  use: ChallengeUse,
  profile: EnrollmentProfile,
  challenges: Pick<ChallengeValidator, 'check'>,
): Promise<ChallengeVerdict> {
  const verdict = await challenges.check(password, use);
  if (verdict.kind === 'refused' || verdict.kind === 'unavailable') return verdict;
  const kind = kindOf(verdict.id);
  if (profile[`${kind}Challenges`]) return verdict;
  return {
    kind: 'refused',
    id: verdict.id,
    reason: 'binding',
    detail: `profile ${profile.name} takes no ${kind} challenges`,
  };
}

function kindOf(id: ChallengeId): 'static' | 'external' | 'dynamic' {
  if (id.startsWith('static:')) return 'static';
  return id.startsWith('external:') ? 'external' : 'dynamic';
}

/** The proof the issuer demands, from a durable transaction that was authorized. */
export function authorizationFor(record: TransactionRecord): Authorization {
  const approver = approverOf(record.state);
  const recorded = recordedGround(record);
  const ground: AuthorizationGround =
    approver === undefined ? recorded : { by: 'approval', approver, ...attestedBy(recorded) };
  return mintAuthorization(record.id, record.csrKey, ground);
}

/** What opened the transaction, as it was recorded then. */
export function recordedGround({ ground }: Pick<TransactionRecord, 'ground'>): AuthorizationGround {
  return JSON.parse(ground) as AuthorizationGround;
}
