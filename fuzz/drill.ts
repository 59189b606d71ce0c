/** Whether the fuzzer would notice: each reader of targets/drill.ts must be found, in the way it fails. */
import { runCampaign, type Finding } from './campaign.js';
import type { FindingKind } from './errand.js';
import { drillTargets } from './targets.js';

const expected: Readonly<Record<string, FindingKind>> = {
  'drill-throw': 'fault',
  'drill-hidden': 'fault',
  'drill-refusal': 'fault',
  'drill-disagree': 'fault',
  'drill-hang': 'hang',
  'drill-memory': 'memory',
  'drill-exit': 'death',
  'drill-leak': 'leak',
};

/** @returns the exit code */
export async function runDrill(): Promise<number> {
  const findings: Finding[] = [];
  for (const target of await drillTargets()) {
    // A child that ends begins anew behind its input: one slice is enough.
    const before = findings.length;
    await runCampaign({
      targets: [target],
      seed: 1,
      inputs: 3000,
      seconds: 120,
      children: 1,
      onSlice: () => undefined,
      onFinding: (finding) => Promise.resolve(void findings.push(finding)),
      until: () => findings.length > before,
    });
  }
  let missed = 0;
  for (const [target, kind] of Object.entries(expected)) {
    const found = findings.find((finding) => finding.target === target);
    const isFound = found?.kind === kind && hasItsInput(found);
    if (!isFound) missed++;
    process.stdout.write(
      `${target.padEnd(16)} ${isFound ? `found: ${kind}` : `MISSED: ${JSON.stringify(found)}`}\n`,
    );
  }
  return missed === 0 ? 0 : 1;
}

/** Nothing in front of the trigger, and the least that makes it fail; or the number of the input. */
function hasItsInput({ kind, input, position }: Finding): boolean {
  if (kind === 'leak') return true;
  if (kind !== 'fault') return position !== undefined;
  return input?.length === 13;
}
