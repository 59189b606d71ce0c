/** Challenges of an upstream NDES that came through us, held against requests that pass through us. */
import { createHash } from 'node:crypto';
import { relayReservation, type Challenges, type ChallengeUse } from '../challenge/index.js';
import type { PrecheckRequest, PrecheckVerdict } from '../scep/index.js';
import {
  readSubjectAltNames,
  extensionOids,
  subjectAltNameText,
  verifyIssuedBy,
  type Certificate,
} from '../x509/index.js';
import { createAnsweredRequests } from './answered-requests.js';

export interface ChallengePrecheckOptions {
  readonly challenges: Pick<Challenges, 'reserve' | 'confirm' | 'release'>;
  /** Of upstream: whose certificates may renew themselves without a challenge. */
  readonly cas: () => readonly Certificate[];
  readonly clock: () => Date;
}

const refusal =
  'The challenge password cannot be verified: it is unknown, expired, used already, or meant for another device. Obtain a new one.';

/**
 * Lets pass what holds an open challenge, and what is signed with a certificate of upstream's CA that is
 * in force: whether that renews, upstream decides. The very CSR that has just been answered passes once
 * more, too: the answer may not have arrived, and what upstream says to a repetition is its own affair.
 */
export function challengePrecheck({
  challenges,
  cas,
  clock,
}: ChallengePrecheckOptions): (request: PrecheckRequest) => Promise<PrecheckVerdict> {
  const answered = createAnsweredRequests(clock);
  return async (request) => {
    if (isRenewal(request.signer, cas(), clock()))
      return passes(undefined, () => Promise.resolve());
    const { challengePassword } = request.csr;
    if (challengePassword === undefined) {
      return {
        kind: 'refused',
        code: 'challenge.missing',
        text: 'The request has no challenge password. Obtain one and put it into the request.',
        reason: 'no challengePassword, and not signed with a certificate that can be renewed',
        challengeId: undefined,
      };
    }
    const transaction = transactionOf(request);
    const repeated = createHash('sha256')
      .update(transaction)
      .update(request.csr.info)
      .digest('hex');
    if (answered.has(repeated)) return passes(undefined, () => Promise.resolve());
    const verdict = await challenges.reserve(challengePassword, useOf(request, transaction));
    if (verdict.kind === 'refused') {
      const { reason, detail, id } = verdict;
      return {
        kind: 'refused',
        code: 'challenge.refused',
        text: refusal,
        reason: [`challenge ${reason}`, detail].filter(Boolean).join(': '),
        challengeId: id,
      };
    }
    const { id } = verdict;
    return passes(id, async (outcome) => {
      if (outcome === 'issued') {
        answered.add(repeated);
        await challenges.confirm(id, transaction);
      }
      // What upstream refused, or never got, it may take another time: it counts its own passwords.
      if (outcome === 'refused' || outcome === 'not-sent')
        await challenges.release(id, transaction);
    });
  };
}

function passes(
  challengeId: string | undefined,
  settle: Extract<PrecheckVerdict, { kind: 'pass' }>['settle'],
): PrecheckVerdict {
  return { kind: 'pass', challengeId, settle };
}

function isRenewal(signer: Certificate, cas: readonly Certificate[], now: Date): boolean {
  if (signer.notAfter <= now || signer.notBefore > now) return false;
  return cas.some((ca) => !ca.der.equals(signer.der) && verifyIssuedBy(signer, ca));
}

/** One device's attempt: a repetition holds the challenge still, another key finds it taken. */
function transactionOf({ profile, transactionId, csr, signer }: PrecheckRequest): string {
  const parts = [profile, transactionId.toString('hex'), csr.publicKey.id, signer.publicKey.id];
  const attempt = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40);
  return relayReservation(attempt);
}

function useOf(
  { profile, transactionId, csr, client }: PrecheckRequest,
  transaction: string,
): ChallengeUse {
  return {
    profile,
    subject: csr.subject.text,
    san: csr.extensions
      .filter(({ oid }) => oid === extensionOids.subjectAltName)
      .flatMap(({ value }) => readSubjectAltNames(value).map(subjectAltNameText)),
    keyId: csr.publicKey.id,
    address: client.address,
    transaction,
    request: {
      transactionId: transactionId.toString('latin1'),
      csr: csr.der,
      commonName: csr.subject.values('CN')[0],
    },
  };
}
