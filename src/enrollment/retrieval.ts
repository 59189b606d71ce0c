import type { OpenTransaction } from './conclusion.js';
import type { EnrollmentOutcome } from './enrollment.types.js';
import { postpone, recordAnswer, strand, type SubmissionDependencies } from './transition.js';

/**
 * Asks the CA after a request under submission. Anyone may: the question changes nothing at the CA.
 * @returns undefined when somebody else concluded it meanwhile
 */
export async function askAfter(
  dependencies: SubmissionDependencies,
  open: OpenTransaction,
): Promise<EnrollmentOutcome | undefined> {
  const { state } = open.record;
  if (state.kind !== 'submitted') return undefined;
  const line = dependencies.lines.find(open.profile, state.issuer);
  if (line === undefined || line.issuer.identity !== state.identity) return { kind: 'pending' };
  const { record, client } = open;
  const outcome = await line.retrieve(state.requestId, record.csrKey, client.correlationId);
  if (outcome.kind === 'unavailable') return { kind: 'pending' };
  return recordAnswer(dependencies, open, line, outcome, []);
}

/** The same for the backlog, which holds the transaction and comes again later. */
export async function askAfterHeld(
  dependencies: SubmissionDependencies,
  open: OpenTransaction,
): Promise<EnrollmentOutcome | undefined> {
  const { state } = open.record;
  if (state.kind !== 'submitted') return undefined;
  const line = dependencies.lines.find(open.profile, state.issuer);
  if (line === undefined) return strand(dependencies, open, state.issuer);
  if (line.issuer.identity !== state.identity)
    return strand(dependencies, open, state.issuer, state.identity ?? 'nobody in particular');
  const { record, client } = open;
  const outcome = await line.retrieve(state.requestId, record.csrKey, client.correlationId);
  const { retry, poll } = dependencies.settings;
  if (outcome.kind === 'unavailable') return postpone(dependencies, open, retry, outcome.detail);
  if (outcome.kind === 'pending' && outcome.requestId === state.requestId)
    return postpone(dependencies, open, poll, undefined);
  return recordAnswer(dependencies, open, line, outcome, []);
}
