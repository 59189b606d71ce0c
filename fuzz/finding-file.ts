/** Findings as files: the input, and beside it what was seen. `--repeat` takes the first. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Finding } from './campaign.js';
import { makeInput } from './input.js';
import { minimize } from './minimize.js';
import { preparedProbe } from './prepared-probe.js';
import { runChild } from './supervised-child.js';
import type { NamedTarget } from './targets.js';

const findingsFolder = 'fuzz-findings';

/** Each try costs a process. */
const mostTries = 40;

/** @returns the file to repeat, undefined where no one input did it */
export async function saveFinding(
  finding: Finding,
  target: NamedTarget,
): Promise<string | undefined> {
  mkdirSync(findingsFolder, { recursive: true });
  const { kind, fault, seed, position } = finding;
  let input = finding.input;
  if (input === undefined && position !== undefined) {
    const probe = await preparedProbe(target);
    input = await makeInput(probe, seed, position);
    await probe.close?.();
    // A hang costs its whole time at each try.
    if (kind !== 'hang') input = await minimize(input, (each) => isDeadly(target, each), mostTries);
  }
  const digest = createHash('sha256')
    .update(input ?? fault)
    .digest('hex')
    .slice(0, 12);
  const file = join(findingsFolder, `${target.name}--${kind}-${digest}.input`);
  const story = { target: target.name, kind, seed, position, fault };
  writeFileSync(`${file}.json`, `${JSON.stringify(story, null, 2)}\n`);
  if (input === undefined) return undefined;
  writeFileSync(file, input);
  return file;
}

async function isDeadly(target: NamedTarget, input: Buffer): Promise<boolean> {
  const file = join(findingsFolder, `${target.name}--trial.input`);
  writeFileSync(file, input);
  const { kind } = await runChild({
    kind: 'trial',
    target: { name: target.name, family: target.family },
    file,
  });
  return kind !== 'reported';
}

/** `cms-signed` of `cms-signed--fault-0123456789ab.input`. */
export function targetInName(file: string): string | undefined {
  return /^(.+?)--/.exec(basename(file))?.[1];
}
