import type { TargetTally } from './campaign.js';

const mostOutcomes = 6;

/** A line a target: inputs, inputs a second of a process, the commonest outcomes. */
export function tallyText(tallies: readonly TargetTally[]): string {
  const lines = tallies.map(({ target, inputs, seconds, outcomes }) => {
    const rate = seconds === 0 ? 0 : inputs / seconds;
    const common = [...outcomes]
      .sort(([, a], [, b]) => b - a)
      .slice(0, mostOutcomes)
      .map(([outcome, count]) => `${outcome} ${count}`);
    const more = outcomes.size > mostOutcomes ? `, ${outcomes.size - mostOutcomes} more` : '';
    return `${target.padEnd(24)}${String(inputs).padStart(10)}${rate.toFixed(0).padStart(9)}/s  ${common.join(', ')}${more}`;
  });
  const inputs = tallies.reduce((sum, tally) => sum + tally.inputs, 0);
  const seconds = tallies.reduce((sum, tally) => sum + tally.seconds, 0);
  const all = `${'all'.padEnd(24)}${String(inputs).padStart(10)}${(inputs / Math.max(seconds, 1)).toFixed(0).padStart(9)}/s  in ${seconds.toFixed(0)} s of all processes`;
  return `${[...lines, all].join('\n')}\n`;
}
