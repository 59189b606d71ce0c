import type { Hold, TransactionRecord } from '../store/index.js';
import { answerTransaction } from './answer.js';
import type { Backlog, BacklogStatus } from './backlog.types.js';
import { giveBack, type OpenTransaction } from './conclusion.js';
import { isInProcess } from './issuer-lines.js';
import type { AnsweringDependencies } from './owner-answer.js';
import type { EnrollmentProfile } from './profile.js';
import { reconcileHeld } from './reconciliation.js';
import { askAfterHeld } from './retrieval.js';
import { submitHeld } from './submission.js';
import { turnOf } from './transaction.js';
import { newHold, postpone } from './transition.js';

/** Takes up what is due: retries, reconciles, asks after, drops, and tells an operator of what grows old. */
export function createBacklog(
  dependencies: AnsweringDependencies,
  profiles: ReadonlyMap<string, EnrollmentProfile>,
): Backlog {
  return new StoredBacklog(dependencies, profiles);
}

/** Bounds one round, so that other upkeep has its turn. */
const batchesOfRound = 25;
const overdueEveryMillis = 3_600_000;
const dropsOfRound = 100;

class StoredBacklog implements Backlog {
  readonly #dependencies: AnsweringDependencies;
  readonly #profiles: ReadonlyMap<string, EnrollmentProfile>;
  #nextLookAtAge = 0;

  constructor(
    dependencies: AnsweringDependencies,
    profiles: ReadonlyMap<string, EnrollmentProfile>,
  ) {
    this.#dependencies = dependencies;
    this.#profiles = profiles;
  }

  async status(): Promise<BacklogStatus> {
    const { store, lines } = this.#dependencies;
    return { waiting: await store.backlog(), issuers: lines.health() };
  }

  async round(signal?: AbortSignal): Promise<void> {
    const { store, clock } = this.#dependencies;
    for (let batch = 0; batch < batchesOfRound && !signal?.aborted; batch++) {
      if (!(await store.isAnythingDue(clock()))) break;
      const taken = await this.#take();
      if (taken.length === 0) break;
      await Promise.all(taken.map((row) => this.#inTurn(row)));
    }
    const left = this.#nextLookAtAge - clock().getTime();
    // More than an hour: the clock was set back.
    if ((left > 0 && left <= overdueEveryMillis) || signal?.aborted) return;
    this.#nextLookAtAge = clock().getTime() + overdueEveryMillis;
    await this.#drop();
    await this.#tellOverdue();
  }

  /** As much as each CA takes now; of a CA that was silent, one. */
  async #take(): Promise<readonly TransactionRecord[]> {
    const { store, lines, settings, clock } = this.#dependencies;
    const hold: Hold = newHold(this.#dependencies);
    const take = async (
      of: { readonly issuer: string } | { readonly profile: string },
      limit: number,
    ) => (limit === 0 ? [] : store.holdDue({ now: clock(), of, limit }, hold));
    const batches = [
      ...lines.all().map((line) => take({ issuer: line.name }, line.capacity(settings.parallel))),
      ...[...this.#profiles.values()].map((profile) => {
        const capacities = lines.of(profile).map((line) => line.capacity(settings.parallel));
        return take({ profile: profile.name }, Math.max(0, ...capacities));
      }),
    ];
    return (await Promise.all(batches)).flat();
  }

  /** A device that asks meanwhile waits, and finds what was done. */
  #inTurn(row: TransactionRecord): Promise<void> {
    const { turns, store, report } = this.#dependencies;
    return turns.take(turnOf(row), async () => {
      try {
        const record = await store.transaction(row.id);
        if (record) await this.#work(record);
      } catch (error) {
        // Its hold ends by itself; then it is tried again.
        const { correlationId } = ownerOf(row);
        report({ kind: 'failed', transaction: row.id, correlationId, error });
      }
    });
  }

  async #work(record: TransactionRecord): Promise<void> {
    const profile = this.#profiles.get(record.key.profile);
    if (profile === undefined) return this.#leave(record);
    const open: OpenTransaction = { profile, record, client: ownerOf(record) };
    switch (record.state.kind) {
      case 'authorized':
      case 'approved':
        return isInProcess(profile) ? this.#issueHere(open) : this.#end(submitHeld, open);
      case 'submitting':
      case 'in-doubt':
        return this.#end(reconcileHeld, open);
      case 'submitted':
        return this.#end(askAfterHeld, open);
      default:
        return;
    }
  }

  async #end(
    work: (dependencies: AnsweringDependencies, open: OpenTransaction) => Promise<unknown>,
    open: OpenTransaction,
  ): Promise<void> {
    await work(this.#dependencies, open);
  }

  async #issueHere(open: OpenTransaction): Promise<void> {
    const outcome = await answerTransaction(this.#dependencies, open);
    if (outcome.kind !== 'unavailable') return;
    const { settings } = this.#dependencies;
    await postpone(this.#dependencies, open, settings.retry, 'the embedded CA cannot issue');
  }

  /** Its profile is gone: nobody can say what may be issued. */
  async #leave({ id, state, errand, key }: TransactionRecord): Promise<void> {
    const { store, settings, clock, holder } = this.#dependencies;
    const now = clock();
    await store.conclude({
      transaction: id,
      state,
      errand: {
        dueAt: new Date(now.getTime() + settings.poll.longestMillis),
        attempts: (errand?.attempts ?? 0) + 1,
        problem: `profile ${key.profile} is no longer configured; configure it again, or drop the request`,
      },
      audit: undefined,
      holder,
      now,
    });
  }

  /**
   * What no CA has seen in all that time: the device has long asked for something else. Also of a profile
   * that is gone. What an administrator approved stays: he may have thought about it for weeks.
   */
  async #drop(): Promise<void> {
    const { store, settings, clock, report } = this.#dependencies;
    const before = new Date(clock().getTime() - settings.dropMillis);
    for (const { id } of await store.queuedBefore(before, dropsOfRound)) {
      const record = await store.hold(id, newHold(this.#dependencies), clock());
      if (record?.state.kind !== 'authorized') continue;
      const client = ownerOf(record);
      const text = `No CA could be reached for ${Math.round(settings.dropMillis / 3_600_000)} hours; the request is dropped and its challenge given back.`;
      const decision = {
        at: clock(),
        event: 'enrollment.dropped',
        outcome: 'error',
        code: 'issuer.unavailable',
        reason: text,
      } as const;
      await giveBack(this.#dependencies, { record, client }, decision);
      const { profile } = record.key;
      const { correlationId } = client;
      report({ kind: 'dropped', transaction: id, profile, issuer: undefined, text, correlationId });
    }
  }

  async #tellOverdue(): Promise<void> {
    const { store, settings, clock, report } = this.#dependencies;
    const before = clock().getTime() - settings.overdueMillis;
    for (const { profile, issuer, state, count, oldest } of await store.backlog()) {
      if (state === 'awaiting-approval' || oldest.getTime() >= before) continue;
      const text = `${count} ${count === 1 ? 'request waits' : 'requests wait'} (${state}), the oldest since ${oldest.toISOString()}; see: scep-gateway pending list`;
      const correlationId = undefined;
      report({ kind: 'overdue', transaction: '', profile, issuer, text, correlationId });
    }
  }
}

/** The device as far as it is remembered, and a correlation id that is the same for all attempts. */
function ownerOf({ id, clientAddress }: TransactionRecord): OpenTransaction['client'] {
  return {
    correlationId: `backlog-${id.slice(0, 8)}`,
    address: clientAddress,
    userAgent: undefined,
  };
}
