import { isGatewayError } from '../errors/index.js';
import { failed, failedBy, type Finding, type Verdict } from './finding.js';

/** Tells whoever waits what is being done. */
export type Progress = <T>(doing: string, work: Promise<T>) => Promise<T>;

/** One step of the examination. */
interface Check {
  readonly id: string;
  readonly about: string;
  /** Checks of the same `about` without which this one would only repeat what is wrong. */
  readonly needs?: readonly string[];
  /** For who waits; `looking at …` where it is absent. */
  readonly doing?: string;
}

/** Longer than every limit of the parts asked: what is still running then hangs. */
const mostMillis = 75_000;

/** Runs one check after the other and keeps what they found; what stands on a failed one is skipped. */
export class Examination {
  readonly #findings: Finding[] = [];
  readonly #progress: Progress;
  readonly #mostMillis: number;

  constructor(progress: Progress, limits: { readonly mostMillis: number } = { mostMillis }) {
    this.#progress = progress;
    this.#mostMillis = limits.mostMillis;
  }

  get findings(): readonly Finding[] {
    return this.#findings;
  }

  /** Several verdicts where a check looks at several things; none: there was nothing to look at. */
  async check(
    { id, about, needs = [], doing = `looking at ${about}` }: Check,
    work: () => Promise<Verdict | readonly Verdict[]> | Verdict | readonly Verdict[],
  ): Promise<void> {
    const because = needs.find((need) => this.#isMissing(need, about));
    if (because !== undefined) {
      const text = `Not looked at, because of ${because}.`;
      this.#findings.push({ id, about, result: 'skipped', text, because });
      return;
    }
    const verdicts = await this.#progress(doing, this.#bounded(work));
    for (const verdict of [verdicts].flat()) this.#findings.push({ id, about, ...verdict });
  }

  /** Whether what was found under this id lets others go on. */
  stands(id: string, about: string): boolean {
    return !this.#isMissing(id, about);
  }

  #isMissing(id: string, about: string): boolean {
    return this.#findings.some(
      (finding) =>
        finding.id === id &&
        finding.about === about &&
        (finding.result === 'failed' || finding.result === 'skipped'),
    );
  }

  async #bounded(
    work: () => Promise<Verdict | readonly Verdict[]> | Verdict | readonly Verdict[],
  ): Promise<Verdict | readonly Verdict[]> {
    const late = failed(
      `No end within ${this.#mostMillis / 1000} seconds.`,
      'Something takes connections and never answers: look at firewalls and at the server.',
    );
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<Verdict>((resolve) => {
      timer = setTimeout(() => resolve(late), this.#mostMillis);
    });
    try {
      return await Promise.race([Promise.resolve().then(work), limit]);
    } catch (error) {
      if (isGatewayError(error)) return failedBy(error);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
