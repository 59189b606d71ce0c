import { GatewayError } from '../errors/index.js';
import { problemsText, sortProblems, type ConfigProblem } from './problem.js';

/** A configuration that cannot be used, with everything that is wrong; the message lists it for people. */
export class ConfigFault extends GatewayError {
  readonly problems: readonly ConfigProblem[];

  constructor(
    code: 'config.invalid' | 'config.unreadable',
    source: string,
    problems: readonly ConfigProblem[],
  ) {
    super(code, problemsText(source, problems));
    this.problems = sortProblems(problems);
  }
}
