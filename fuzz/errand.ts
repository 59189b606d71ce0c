/** What the supervisor asks of a child, and what it hears. */

export type Errand = Slice | Trial;

/** Enough of a `NamedTarget` to find it again. */
interface TargetName {
  readonly name: string;
  readonly family: string;
}

/** A row of inputs of one target. */
export interface Slice {
  readonly kind: 'slice';
  readonly target: TargetName;
  readonly seed: number;
  readonly from: number;
  readonly count: number;
  /** It ends then, however many inputs it has seen. */
  readonly seconds: number;
  /** Where the number of the input at hand is written, 8 octets little-endian, for whoever has to end the child. */
  readonly positionFile: string;
}

/** One input, given as a file. */
export interface Trial {
  readonly kind: 'trial';
  readonly target: TargetName;
  readonly file: string;
}

export interface SliceReport {
  readonly kind: 'slice';
  readonly inputs: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** The shortest input for each outcome, base64. */
  readonly examples: readonly Example[];
  readonly findings: readonly Found[];
}

export interface Example {
  readonly outcome: string;
  readonly detail: string;
  readonly input: string;
}

export interface Found {
  readonly kind: FindingKind;
  readonly fault: string;
  /** Minimized, base64; undefined where no one input did it. */
  readonly input: string | undefined;
}

/** `fault`: thrown or disagreed; the others are what a child cannot say itself, or of all its inputs together. */
export type FindingKind = 'fault' | 'slow' | 'leak' | 'end' | 'hang' | 'memory' | 'death';

export interface TrialReport {
  readonly kind: 'trial';
  /** Undefined for a fault. */
  readonly outcome: string | undefined;
  /** The detail of a refusal, or the fault. */
  readonly said: string;
}
