import type { ChallengeVerdict } from '../challenge/index.js';
import type { EnrollmentStore, TransactionRecord } from '../store/index.js';
import { answerTransaction } from './answer.js';
import { challengeRefusal } from './authorize.js';
import type { EnrollmentOutcome, EnrollmentRequest } from './enrollment.types.js';
import type { Turns } from './in-flight.js';
import type { EnrollmentProfile } from './profile.js';
import { refuseRequest } from './refusal.js';
import { hasSameKeys, isLive, turnOf, type Transaction } from './transaction.js';
import type { SubmissionDependencies } from './transition.js';

export interface AnsweringDependencies extends SubmissionDependencies {
  readonly turns: Turns;
}

/**
 * Anyone on the wire can put a captured envelope into a message of his own and be first: the certificate
 * is for a key he has not, but the one-time challenge is spent. So whoever holds the requested key gets
 * what became of this very request, whoever brought it. Undefined where that does not apply.
 *
 * He waits for the stranger's turn within his own; a stranger waits for nobody's, so there is no circle.
 */
export async function answerOwner(
  dependencies: AnsweringDependencies,
  profile: EnrollmentProfile,
  request: EnrollmentRequest,
  { requestDigest }: Transaction,
  brought: TransactionRecord,
): Promise<EnrollmentOutcome | undefined> {
  const isOwner = request.signer.publicKey.id === request.csr.publicKey.id;
  const isStrangers = brought.signerKey !== brought.csrKey;
  if (!isOwner || !isStrangers || brought.requestDigest !== requestDigest) return undefined;
  const { store, clock, turns } = dependencies;
  return turns.take(turnOf(brought), async () => {
    const current = await standing(store, brought);
    const isLiveNow = current && isLive(current, profile.replayMillis, clock());
    if (!isLiveNow || current.requestDigest !== requestDigest) return undefined;
    return answerTransaction(dependencies, { profile, record: current, client: request.client });
  });
}

/** The challenge opens nothing for this request; what a stranger opened with it may be the owner's. */
export async function answerSpent(
  dependencies: AnsweringDependencies,
  profile: EnrollmentProfile,
  request: EnrollmentRequest,
  transaction: Transaction,
  verdict: Extract<ChallengeVerdict, { readonly kind: 'refused' }>,
): Promise<EnrollmentOutcome> {
  const { id, reason, detail } = verdict;
  const brought =
    id && (await dependencies.store.findByChallenge(profile.name, id, transaction.requestDigest));
  const owners =
    brought && (await answerOwner(dependencies, profile, request, transaction, brought));
  return (
    owners ??
    refuseRequest(dependencies, request, {
      code: 'challenge.refused',
      text: challengeRefusal,
      reason: [`challenge ${reason}`, detail].filter(Boolean).join(': '),
      challengeId: id,
    })
  );
}

/** The row as it is now; undefined when another transaction has taken its place. */
export async function standing(
  store: EnrollmentStore,
  row: TransactionRecord,
): Promise<TransactionRecord | undefined> {
  const current = await store.findTransaction(row.key);
  return current && hasSameKeys(row, current) ? current : undefined;
}
