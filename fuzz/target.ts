/** What is fuzzed: a reader of bytes from outside, the inputs that make sense for it, and what it owes. */
import type { Random } from './random.js';

export interface Target {
  /** `cms-signed`: names files, and is what `--target` takes. */
  readonly name: string;
  /** What is read, for `--list`. */
  readonly about: string;
  /** Inputs beside one of a plain parser; default 1. Less for what costs more. */
  readonly pace?: number;
  /** Made anew for each slice of a run. */
  readonly prepare: () => Probe | Promise<Probe>;
}

export interface Probe {
  /** Good and bad examples, what inputs are made of. */
  readonly seeds: readonly Buffer[];
  readonly mutate: Mutator;
  /** Instead of a mutant of a seed. */
  readonly generate?: (random: Random, seeds: readonly Buffer[]) => Buffer | Promise<Buffer>;
  /** Longest input; default 16 KiB. */
  readonly mostOctets?: number;
  /** Codes of the GatewayErrors that this reader may refuse with; `asn1.*` takes a whole class. */
  readonly refuses: readonly string[];
  /** A library reads underneath: what it throws inside of a GatewayError is its own affair. */
  readonly library?: true;
  /**
   * Reads the input and says in a word what it was. Throws `Disagreement` when what was read cannot be true;
   * a GatewayError of `refuses` is an outcome, and everything else that is thrown is a fault.
   */
  readonly run: (input: Buffer) => string | Promise<string>;
  /** After the last input; throws when something has happened that must not. */
  readonly finish?: () => void | Promise<void>;
  readonly close?: () => Promise<void>;
}

/** @param other a second example, to take pieces from */
export type Mutator = (random: Random, input: Buffer, other: Buffer) => Buffer;

/** Two readers differ, or what was written reads otherwise. */
export class Disagreement extends Error {
  override readonly name = 'Disagreement';
}

/** @throws Disagreement unless both are the same as JSON */
export function agree(what: string, a: unknown, b: unknown): void {
  const [left, right] = [JSON.stringify([a]), JSON.stringify([b])];
  if (left !== right) {
    throw new Disagreement(`${what}: ${left.slice(0, 600)} is not ${right.slice(0, 600)}`);
  }
}
