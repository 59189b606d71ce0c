/** What `inspect` has to say of one object. */

export interface Finding {
  readonly text: string;
  /** What to do about it. */
  readonly mend?: string | undefined;
}

interface Section {
  readonly title: string;
  /** Label and value, in order. */
  readonly facts: readonly (readonly [string, string])[];
}

export interface Report {
  readonly what: string;
  /** False for bytes that are nothing we know. */
  readonly known: boolean;
  readonly sections: readonly Section[];
  readonly wrong: readonly Finding[];
  /** Worth knowing, but let pass. */
  readonly notes: readonly string[];
}

/** A report while it is written. */
export class ReportDraft {
  what = 'Unknown';
  known = true;
  readonly #sections: { readonly title: string; readonly facts: [string, string][] }[] = [];
  readonly #wrong: Finding[] = [];
  readonly #notes: string[] = [];

  /** Opens a section; facts go to the last one. */
  section(title: string): void {
    this.#sections.push({ title, facts: [] });
  }

  fact(label: string, value: string): void {
    if (this.#sections.length === 0) this.section('');
    this.#sections.at(-1)?.facts.push([label, value]);
  }

  /** The same sentence is said once. */
  wrong(text: string, mend?: string): void {
    if (this.#wrong.some((finding) => finding.text === text)) return;
    this.#wrong.push({ text, mend });
  }

  note(text: string): void {
    if (!this.#notes.includes(text)) this.#notes.push(text);
  }

  finish(): Report {
    return {
      what: this.what,
      known: this.known,
      sections: this.#sections.filter(({ facts }) => facts.length > 0),
      wrong: this.#wrong,
      notes: this.#notes,
    };
  }
}

/** For a terminal. */
export function reportText(report: Report, form: string): string {
  const { what, known, sections, wrong, notes } = report;
  return [
    `${what} (${form})`,
    ...sections.flatMap(({ title, facts }) => [
      ...(title === '' ? [] : ['', title]),
      ...facts.map(([label, value]) => `  ${label.padEnd(labelWidth)} ${value}`),
    ]),
    ...(wrong.length === 0 ? [] : ['', 'Wrong:']),
    ...wrong.flatMap(({ text, mend }, index) => [
      `  ${index + 1}. ${text}`,
      ...(mend === undefined ? [] : [`     → ${mend}`]),
    ]),
    ...(notes.length === 0 ? [] : ['', 'Worth knowing:']),
    ...notes.map((text) => `  - ${text}`),
    ...(known && wrong.length === 0 ? ['', 'Nothing is wrong with it.'] : []),
  ].join('\n');
}

const labelWidth = 15;

/** For a program. */
export function reportJson({ sections, ...report }: Report, form: string): unknown {
  return {
    ...report,
    form,
    sections: sections.map(({ title, facts }) => ({
      title,
      facts: facts.map(([label, value]) => ({ label, value })),
    })),
  };
}
