import type { CheckedConfig } from './checked-config.js';
import { problemAt, type ConfigProblem } from './problem.js';

export function checkBacklog({ config: { backlog } }: CheckedConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const name of ['retry', 'poll'] as const) {
    const { firstSeconds, longestSeconds } = backlog[name];
    if (firstSeconds <= longestSeconds) continue;
    problems.push(
      problemAt(
        ['backlog', name, 'longestSeconds'],
        `is ${longestSeconds}, but the first wait is ${firstSeconds}`,
        `write ${firstSeconds} or more, or a smaller firstSeconds`,
      ),
    );
  }
  if (backlog.overdueHours >= backlog.dropHours) {
    problems.push(
      problemAt(
        ['backlog', 'overdueHours'],
        `is ${backlog.overdueHours}, but what no CA has seen is dropped after ${backlog.dropHours}`,
        'write fewer hours than dropHours, so that somebody is told before',
      ),
    );
  }
  return problems;
}
