/**
 * What is sent to a CA outside this process. It is recorded before it is sent, and where nobody knows
 * whether it arrived, nothing is sent again before that is known.
 */
import type { Authorization, IssuanceOutcome, IssuanceRequest } from '../issuer/index.js';
import { authorizationFor } from './authorize.js';
import { approverOf, giveBack, type OpenTransaction } from './conclusion.js';
import type { EnrollmentOutcome } from './enrollment.types.js';
import type { IssuerLine } from './issuer-line.js';
import { prepareRequest, type PreparedRequest } from './prepared-request.js';
import type { EnrollmentProfile } from './profile.js';
import {
  authorizedAgain,
  doubt,
  dueAfter,
  move,
  newHold,
  outlastsCall,
  noErrand,
  recordAnswer,
  tellToWait,
  type SubmissionDependencies,
} from './transition.js';

type Unavailable = Extract<IssuanceOutcome, { readonly kind: 'unavailable' }>;

/**
 * Hands a transaction that this process holds to the first issuer that takes it. The next one is tried
 * only where the one before certainly got nothing.
 * @returns undefined when somebody else has the transaction now
 */
export async function submitHeld(
  dependencies: SubmissionDependencies,
  open: OpenTransaction,
  prepared?: PreparedRequest,
): Promise<EnrollmentOutcome | undefined> {
  const request = prepared ?? (await prepareRequest(dependencies, open));
  if (request.kind === 'concluded') return request.outcome;
  const attempt = { request, authorization: authorizationFor(open.record) };
  let held = open;
  let unavailable: Unavailable | undefined;
  for (const line of dependencies.lines.of(open.profile)) {
    if (line.capacity(1) === 0) continue;
    const recorded = await recordSubmitting(dependencies, held, line);
    if (recorded === undefined) return undefined;
    held = recorded;
    const outcome = await send(dependencies, held, line, attempt);
    if (outcome.kind !== 'unavailable')
      return recordAnswer(dependencies, held, line, outcome, request.notes);
    if (outcome.submission === 'unknown') return doubt(dependencies, held, line, outcome.detail);
    unavailable = outcome;
  }
  return nobodyTookIt(dependencies, held, unavailable);
}

interface Attempt {
  readonly request: PreparedRequest;
  readonly authorization: Authorization;
}

function send(
  dependencies: SubmissionDependencies,
  open: OpenTransaction,
  line: IssuerLine,
  { request: { csr, content, notes }, authorization }: Attempt,
): Promise<IssuanceOutcome> {
  const { correlationId } = open.client;
  const asked: IssuanceRequest = { transaction: open.record.id, csr, content, correlationId };
  return line.submit(asked, authorization, (late) => {
    if (late.kind === 'unavailable') return;
    recordAnswer(dependencies, open, line, late, [...notes, 'answered late']).catch(
      (error: unknown) =>
        dependencies.report({ kind: 'failed', transaction: open.record.id, correlationId, error }),
    );
  });
}

/**
 * Durable before anything leaves; it may be there already, from opening the transaction. A process that
 * slept meanwhile must take hold of it anew: another may have sent it since then.
 */
async function recordSubmitting(
  dependencies: SubmissionDependencies,
  open: OpenTransaction,
  { name }: IssuerLine,
): Promise<OpenTransaction | undefined> {
  const { state } = open.record;
  if (state.kind === 'submitting' && state.issuer === name && outlastsCall(dependencies, open))
    return open;
  const next = { kind: 'submitting', issuer: name, approver: approverOf(state) } as const;
  const hold = newHold(dependencies);
  const errand = { ...noErrand, ...open.record.errand, dueAt: hold.until };
  return move(dependencies, open, { state: next, hold, errand });
}

/** No CA has it. What an administrator approved waits in any case: nobody would ask him again. */
async function nobodyTookIt(
  dependencies: SubmissionDependencies,
  open: OpenTransaction,
  unavailable: Unavailable | undefined,
): Promise<EnrollmentOutcome | undefined> {
  const { lines, clock } = dependencies;
  const { profile, record: row } = open;
  const approver = approverOf(row.state);
  const problem = unavailable?.detail ?? lines.of(profile)[0]?.health.problem ?? 'no CA answers';
  const audit = {
    event: 'enrollment.issuer-unavailable',
    outcome: 'error',
    code: 'issuer.unavailable',
    reason: problem,
  } as const;
  if (profile.outage === 'retry-later' && approver === undefined) {
    await giveBack(dependencies, open, { at: clock(), ...audit });
    return {
      kind: 'unavailable',
      retryAfterSeconds: Math.min(
        unavailable?.retryAfterSeconds ?? retryAfterSeconds(dependencies, profile),
        longestRetryAfterSeconds,
      ),
    };
  }
  const attempts = (row.errand?.attempts ?? 0) + (unavailable === undefined ? 0 : 1);
  const moved = await move(dependencies, open, {
    state: authorizedAgain(row.state),
    errand: {
      dueAt: dueAfter(dependencies, attempts, dependencies.settings.retry),
      attempts,
      problem,
    },
    // Kept for years: the first attempt is told, the others are counted.
    ...(row.errand?.problem === undefined && { audit: { ...audit, outcome: 'pending' } as const }),
  });
  return moved && tellToWait(profile);
}

/** A CA may say what it likes: a device that was told a year does not come again. */
const longestRetryAfterSeconds = 3600;

/** Until the first of the profile's issuers may be asked again; at least 5 seconds, at most 10 minutes. */
export function retryAfterSeconds(
  { lines, clock }: Pick<SubmissionDependencies, 'lines' | 'clock'>,
  profile: EnrollmentProfile,
): number {
  const waits = lines
    .of(profile)
    .map(({ health: { retryAt } }) =>
      retryAt ? (retryAt.getTime() - clock().getTime()) / 1000 : 30,
    );
  return Math.min(600, Math.max(5, Math.ceil(Math.min(...waits))));
}
