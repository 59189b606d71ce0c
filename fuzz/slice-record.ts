import type { Example, Found, FindingKind, SliceReport } from './errand.js';
import type { Verdict } from './judge.js';

type Passed = Extract<Verdict, { readonly kind: 'passed' }>;

const mostExamples = 200;

/** What became of the inputs of one slice. */
export class SliceRecord {
  readonly findings: Found[] = [];
  readonly #outcomes = new Map<string, number>();
  readonly #examples = new Map<string, { readonly passed: Passed; input: Buffer }>();
  readonly #signatures = new Set<string>();

  passed(passed: Passed, input: Buffer): void {
    const { outcome, detail } = passed;
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
    const key = `${outcome} ${detail.replace(/[^A-Za-z ]+/g, '#').slice(0, 60)}`;
    const known = this.#examples.get(key);
    if (known !== undefined) {
      if (input.length < known.input.length) known.input = Buffer.from(input);
    } else if (this.#examples.size < mostExamples) {
      this.#examples.set(key, { passed, input: Buffer.from(input) });
    }
  }

  /** True the first time. */
  isNew(signature: string): boolean {
    if (this.#signatures.has(signature)) return false;
    this.#signatures.add(signature);
    return true;
  }

  found(kind: FindingKind, fault: string, input: Buffer | undefined): void {
    this.findings.push({ kind, fault, input: input?.toString('base64') });
  }

  report(inputs: number): SliceReport {
    return {
      kind: 'slice',
      inputs,
      outcomes: Object.fromEntries(this.#outcomes),
      examples: [...this.#examples.values()].map(
        ({ passed: { outcome, detail }, input }): Example => ({
          outcome,
          detail,
          input: input.toString('base64'),
        }),
      ),
      findings: this.findings,
    };
  }
}
