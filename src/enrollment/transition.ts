/** How a transaction that a CA shall decide moves on, each step durable before anybody acts on it. */
import type { Errand, Hold, TransactionState } from '../store/index.js';
import { backoffMillis, type Pace } from './backoff.js';
import type { BacklogEvent, BacklogSettings } from './backlog.types.js';
import {
  approverOf,
  auditOf,
  concludeWith,
  type CaAnswer,
  type OpenTransaction,
} from './conclusion.js';
import type { EnrollmentOutcome } from './enrollment.types.js';
import { callLimitMillis, type IssuerLine } from './issuer-line.js';
import type { IssuerLines } from './issuer-lines.js';
import type { PreparationDependencies } from './prepared-request.js';
import type { EnrollmentProfile } from './profile.js';

export interface SubmissionDependencies extends PreparationDependencies {
  readonly lines: IssuerLines;
  readonly settings: BacklogSettings;
  readonly random: () => number;
  /** Tells this process from others on the same store, and from itself before a restart. */
  readonly holder: string;
  readonly report: (event: BacklogEvent) => void;
}

/** Long enough for one call to end, or to be given up; who dies meanwhile is succeeded after it. */
export function newHold({ clock, holder }: SubmissionDependencies): Hold {
  return { holder, until: new Date(clock().getTime() + callLimitMillis + 30_000) };
}

/** Whether a call that begins now ends within the hold. */
export function outlastsCall(
  { clock }: Pick<SubmissionDependencies, 'clock'>,
  { record: { hold } }: OpenTransaction,
): boolean {
  return hold !== undefined && hold.until.getTime() - clock().getTime() >= callLimitMillis;
}

/** The device is not told that anything failed: it has not. */
export function tellToWait({ outage }: EnrollmentProfile): EnrollmentOutcome {
  return outage === 'retry-later'
    ? { kind: 'unavailable', retryAfterSeconds: 30 }
    : { kind: 'pending' };
}

export const noErrand: Errand = { dueAt: undefined, attempts: 0, problem: undefined };

/** To another state, or to another errand, without an answer: only for who holds it. */
export async function move(
  { store, clock, holder }: SubmissionDependencies,
  open: OpenTransaction,
  {
    audit,
    ...to
  }: {
    readonly state: TransactionState;
    readonly errand: Errand | undefined;
    readonly hold?: Hold;
    readonly audit?: Omit<Parameters<typeof auditOf>[2], 'at'>;
  },
): Promise<OpenTransaction | undefined> {
  const now = clock();
  const { record, client } = open;
  const moved = await store.conclude({
    transaction: record.id,
    ...to,
    holder,
    audit: audit && auditOf(record, client, { at: now, ...audit }),
    now,
  });
  return moved ? { ...open, record: { ...record, hold: undefined, ...to } } : undefined;
}

/** The CA's word. A certificate that comes too late for its transaction is one that somebody has to revoke. */
export async function recordAnswer(
  dependencies: SubmissionDependencies,
  open: OpenTransaction,
  { issuer }: IssuerLine,
  outcome: CaAnswer,
  notes: readonly string[],
): Promise<EnrollmentOutcome | undefined> {
  const concluded = await concludeWith(dependencies, open, issuer, outcome, notes);
  if (concluded !== undefined || outcome.kind !== 'issued') return concluded;
  const { store, clock, report } = dependencies;
  const { serial, thumbprints } = outcome.certificate;
  if ((await store.certificate(thumbprints.sha256)) !== undefined) return undefined;
  const text = `Certificate ${serial} came after its transaction had another answer; nobody will fetch it. Revoke it at the CA.`;
  await store.appendAudit(
    auditOf(open.record, open.client, {
      at: clock(),
      event: 'enrollment.unrecorded',
      outcome: 'error',
      code: thumbprints.sha256,
      reason: text,
    }),
  );
  report({ kind: 'unrecorded', ...subjectOf(open, issuer.name), text });
  return undefined;
}

/** A request may be with the CA. The issuer is asked, where it can be; else an operator decides. */
export async function doubt(
  dependencies: SubmissionDependencies,
  open: OpenTransaction,
  line: IssuerLine | undefined,
  problem: string,
): Promise<EnrollmentOutcome | undefined> {
  const { settings, clock } = dependencies;
  const { state, errand } = open.record;
  const issuer = 'issuer' in state ? state.issuer : '';
  const dueAt = line?.canReconcile
    ? new Date(clock().getTime() + settings.retry.firstMillis)
    : undefined;
  const moved = await move(dependencies, open, {
    state: { kind: 'in-doubt', issuer, approver: approverOf(state) },
    errand: { dueAt, attempts: errand?.attempts ?? 0, problem },
    audit: {
      event: 'enrollment.in-doubt',
      outcome: 'error',
      code: 'issuer.unavailable',
      reason: `${issuer}: ${problem}`,
    },
  });
  if (moved === undefined) return undefined;
  if (dueAt === undefined) {
    const text = `${problem}. Look for the request at the CA, then: scep-gateway pending retry or drop ${open.record.id.slice(0, 12)}`;
    dependencies.report({ kind: 'in-doubt', ...subjectOf(open, issuer), text });
  }
  return tellToWait(open.profile);
}

export async function postpone(
  dependencies: SubmissionDependencies,
  open: OpenTransaction,
  pace: Pace,
  problem: string | undefined,
): Promise<EnrollmentOutcome | undefined> {
  const attempts = (open.record.errand?.attempts ?? 0) + 1;
  const dueAt = dueAfter(dependencies, attempts, pace);
  const { state } = open.record;
  const moved = await move(dependencies, open, { state, errand: { dueAt, attempts, problem } });
  return moved && { kind: 'pending' };
}

/** Only the issuer and the identity that made a request can ask after it. */
export async function strand(
  dependencies: SubmissionDependencies,
  open: OpenTransaction,
  issuer: string,
  identity?: string,
): Promise<EnrollmentOutcome | undefined> {
  const problem =
    identity === undefined
      ? `issuer ${issuer} is no longer configured; configure it again, or drop the request`
      : `it was submitted as ${identity}, and issuer ${issuer} signs in as somebody else now; go back to that account, or drop the request`;
  if (open.record.errand?.problem !== problem)
    dependencies.report({ kind: 'stranded', ...subjectOf(open, issuer), text: problem });
  return postpone(dependencies, open, dependencies.settings.poll, problem);
}

/** As it was before an issuer had it. */
export function authorizedAgain(state: TransactionState): TransactionState {
  const approver = approverOf(state);
  return approver === undefined ? { kind: 'authorized' } : { kind: 'approved', approver };
}

export function dueAfter(
  { clock, random }: SubmissionDependencies,
  attempts: number,
  pace: Pace,
): Date {
  return new Date(clock().getTime() + backoffMillis(attempts, pace, random));
}

function subjectOf({ profile, record, client }: OpenTransaction, issuer: string) {
  const { correlationId } = client;
  return { transaction: record.id, profile: profile.name, issuer, correlationId };
}
