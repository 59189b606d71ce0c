import { authorizationFor } from './authorize.js';
import type { OpenTransaction } from './conclusion.js';
import type { EnrollmentOutcome } from './enrollment.types.js';
import { reopen } from './prepared-request.js';
import { submitHeld } from './submission.js';
import {
  authorizedAgain,
  doubt,
  move,
  newHold,
  noErrand,
  postpone,
  recordAnswer,
  strand,
  type SubmissionDependencies,
} from './transition.js';

/**
 * What became of a submission that was never answered. Held by this process.
 * @returns undefined when somebody else has the transaction now
 */
export async function reconcileHeld(
  dependencies: SubmissionDependencies,
  open: OpenTransaction,
): Promise<EnrollmentOutcome | undefined> {
  const { state } = open.record;
  if (state.kind !== 'submitting' && state.kind !== 'in-doubt') return undefined;
  const line = dependencies.lines.find(open.profile, state.issuer);
  if (line === undefined) return strand(dependencies, open, state.issuer);
  if (!line.canReconcile) return doubt(dependencies, open, line, interrupted);
  const { csr, policy } = reopen(dependencies.vault, open);
  if (policy.kind === 'refused')
    return doubt(dependencies, open, undefined, `${interrupted}, and policy refuses it since then`);
  const found = await line.reconcile(
    {
      transaction: open.record.id,
      csr,
      content: policy.content,
      correlationId: open.client.correlationId,
    },
    authorizationFor(open.record),
  );
  switch (found.kind) {
    case 'issued':
    case 'pending':
    case 'refused':
      return recordAnswer(dependencies, open, line, found, [
        ...policy.notes,
        'found by asking again',
      ]);
    case 'undecidable':
      return doubt(dependencies, open, undefined, found.detail);
    case 'unavailable':
      return postpone(dependencies, open, dependencies.settings.retry, found.detail);
    case 'not-received':
      return sendAgain(dependencies, open, found.detail);
  }
}

const interrupted = 'the process ended while the request was being sent';

async function sendAgain(
  dependencies: SubmissionDependencies,
  open: OpenTransaction,
  problem: string,
): Promise<EnrollmentOutcome | undefined> {
  const hold = newHold(dependencies);
  const again = await move(dependencies, open, {
    state: authorizedAgain(open.record.state),
    errand: { ...noErrand, ...open.record.errand, dueAt: hold.until, problem },
    hold,
    audit: { event: 'enrollment.reconciled', outcome: 'pending', reason: problem },
  });
  return again && submitHeld(dependencies, again);
}
