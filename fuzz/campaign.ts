/** Deals slices of inputs to children until enough inputs or time have gone by, and gathers what they say. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Example, FindingKind, SliceReport } from './errand.js';
import { runChild, type ChildOutcome } from './supervised-child.js';
import type { NamedTarget } from './targets.js';

export interface CampaignPlan {
  readonly targets: readonly NamedTarget[];
  readonly seed: number;
  /** Over all targets. */
  readonly inputs: number;
  readonly seconds: number;
  readonly children: number;
  readonly onSlice: (told: SliceTold) => void;
  readonly onFinding: (finding: Finding) => Promise<void>;
  /** No slice begins after this is true. */
  readonly until?: () => boolean;
}

interface SliceTold {
  readonly target: string;
  readonly inputs: number;
  /** Of the whole campaign. */
  readonly totalInputs: number;
  readonly seconds: number;
}

export interface Finding {
  readonly target: string;
  readonly kind: FindingKind;
  readonly fault: string;
  /** Either the input, or its number where the child could not say more. */
  readonly input: Buffer | undefined;
  readonly position: number | undefined;
  readonly seed: number;
}

export interface TargetTally {
  readonly target: string;
  inputs: number;
  /** In children, start-up included. */
  seconds: number;
  readonly outcomes: Map<string, number>;
  readonly examples: Example[];
}

/** Long enough for the start of a process not to count. */
const slice = { inputs: 50_000, seconds: 60 } as const;

export async function runCampaign(plan: CampaignPlan): Promise<TargetTally[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'scep-gateway-fuzz-'));
  const began = Date.now();
  const secondsGone = () => (Date.now() - began) / 1000;
  const entries = plan.targets.map((target) => new Entry(target));
  const paces = entries.reduce((sum, { pace }) => sum + pace, 0);
  let total = 0;

  const next = (): Entry | undefined => {
    if (secondsGone() >= plan.seconds || plan.until?.() === true) return undefined;
    const open = entries.filter(
      ({ dealt, pace }) => dealt < Math.ceil((plan.inputs * pace) / paces),
    );
    return open.sort((a, b) => a.dealt / a.pace - b.dealt / b.pace)[0];
  };

  const lane = async (number: number): Promise<void> => {
    for (let entry = next(); entry !== undefined; entry = next()) {
      const left = Math.ceil((plan.inputs * entry.pace) / paces) - entry.dealt;
      const row = entry.deal(Math.min(Math.ceil(slice.inputs * entry.pace), left));
      const { name, family } = entry.target;
      const started = Date.now();
      const outcome = await runChild({
        kind: 'slice',
        target: { name, family },
        seed: plan.seed,
        ...row,
        seconds: Math.max(1, Math.min(slice.seconds, plan.seconds - secondsGone())),
        positionFile: join(scratch, `position-${number}`),
      });
      const inputs = await entry.take(outcome, row, plan);
      entry.tally.seconds += (Date.now() - started) / 1000;
      total += inputs;
      plan.onSlice({ target: name, inputs, totalInputs: total, seconds: secondsGone() });
    }
  };

  await Promise.all(Array.from({ length: plan.children }, (_, number) => lane(number)));
  rmSync(scratch, { recursive: true, force: true });
  return entries.map(({ tally }) => tally);
}

/** Inputs by their numbers. */
interface Row {
  readonly from: number;
  readonly count: number;
}

/** How far one target has come. */
class Entry {
  readonly tally: TargetTally;
  readonly pace: number;
  /** Inputs that are read or being read. */
  dealt = 0;
  #next = 0;
  /** What slices had no time for. */
  readonly #left: Row[] = [];

  constructor(readonly target: NamedTarget) {
    this.pace = target.pace ?? 1;
    this.tally = {
      target: target.name,
      inputs: 0,
      seconds: 0,
      outcomes: new Map(),
      examples: [],
    };
  }

  deal(most: number): Row {
    const left = this.#left.pop();
    const row = left ?? { from: this.#next, count: most };
    if (left === undefined) this.#next += most;
    this.dealt += row.count;
    return row;
  }

  /** @returns how many inputs were read */
  async take(
    outcome: ChildOutcome,
    { from, count }: Row,
    { seed, onFinding }: CampaignPlan,
  ): Promise<number> {
    const { target } = this.tally;
    if (outcome.kind !== 'reported') {
      const { kind, reason: fault, position } = outcome;
      await onFinding({ target, kind, fault, input: undefined, position, seed });
      // Goes on behind the input that ended the child; without one, not at all.
      const inputs = position === undefined ? count : position - from + 1;
      this.#goOn(from + inputs, count - inputs);
      this.tally.inputs += inputs;
      return inputs;
    }
    const { report } = outcome;
    if (report.kind !== 'slice') return 0;
    for (const { kind, fault, input } of report.findings) {
      const bytes = input === undefined ? undefined : Buffer.from(input, 'base64');
      await onFinding({ target, kind, fault, input: bytes, position: undefined, seed });
    }
    this.#goOn(from + report.inputs, count - report.inputs);
    this.#add(report);
    return report.inputs;
  }

  #goOn(from: number, count: number): void {
    if (count <= 0) return;
    this.#left.push({ from, count });
    this.dealt -= count;
  }

  #add(report: SliceReport): void {
    this.tally.inputs += report.inputs;
    for (const [outcome, count] of Object.entries(report.outcomes)) {
      this.tally.outcomes.set(outcome, (this.tally.outcomes.get(outcome) ?? 0) + count);
    }
    this.tally.examples.push(...report.examples);
  }
}
