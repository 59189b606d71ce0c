/** `npm run fuzz`: readers of bytes from outside, fed with inputs that were good once. */
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { type Finding, runCampaign } from './campaign.js';
import { keepExamples, keepFinding } from './keep-examples.js';
import { runDrill } from './drill.js';
import { saveFinding, targetInName } from './finding-file.js';
import { signature } from './judge.js';
import { tallyText } from './report.js';
import { runChild } from './supervised-child.js';
import { allTargets, drillTargets } from './targets.js';

interface Flags {
  readonly for?: number;
  readonly inputs?: number;
  readonly target?: readonly string[];
  readonly seed: number;
  readonly children: number;
  readonly repeat?: string;
  readonly keep?: true;
  readonly list?: true;
  readonly drill?: true;
}

const command = new Command('fuzz')
  .description('Feeds every reader of bytes from outside with damaged, spliced and odd inputs.')
  .option('--for <time>', 'how long: 90s, 30m, 2h (default 5m unless --inputs is given)', duration)
  .option('--inputs <count>', 'how many inputs over all targets', wholeNumber)
  .option('--target <name...>', 'only these; `cms-*` takes all that begin so')
  .option('--seed <number>', 'repeats a run; on a build server it is fixed', wholeNumber, seed())
  .option('--children <count>', 'processes at once', wholeNumber, availableParallelism())
  .option('--repeat <file>', 'reads one saved input again; its name begins with the target')
  .option(
    '--keep',
    'adds a short example of each new outcome to fixtures/fuzz; with --repeat, what was mended',
  )
  .option('--list', 'names the targets')
  .option('--drill', 'feeds readers that fail on purpose, and fails unless each is found')
  .helpOption('--help', 'prints this');

process.exitCode = await main(command.parse().opts<Flags>());

async function main(flags: Flags): Promise<number> {
  if (flags.list) return list();
  if (flags.drill) return runDrill();
  if (flags.repeat !== undefined) return repeat(flags.repeat, flags);
  const targets = (await allTargets()).filter(({ name }) => isWanted(name, flags.target));
  if (targets.length === 0) {
    say('There is no such target; --list names them.');
    return 2;
  }
  const seconds = flags.for ?? (flags.inputs === undefined ? 300 : Infinity);
  const inputs = flags.inputs ?? Infinity;
  say(`${targets.length} targets, seed ${flags.seed}, ${flags.children} processes`);
  const seen = new Set<string>();
  let found = 0;
  const onFinding = async (finding: Finding): Promise<void> => {
    found++;
    const key = `${finding.target} ${finding.kind} ${signature(finding.fault)}`;
    if (seen.has(key)) return;
    seen.add(key);
    const target = targets.find(({ name }) => name === finding.target);
    const file = target && (await saveFinding(finding, target));
    say(`\n${finding.target}: ${finding.kind}: ${finding.fault}`);
    if (file !== undefined) say(`  repeat it: npm run fuzz -- --repeat=${file}`);
  };
  const tallies = await runCampaign({
    targets,
    seed: flags.seed,
    inputs,
    seconds,
    children: flags.children,
    onFinding,
    onSlice: ({ target, inputs: read, totalInputs, seconds: gone }) =>
      say(`${gone.toFixed(0)} s  ${totalInputs} inputs  (${target} +${read})`),
  });
  process.stdout.write(tallyText(tallies));
  if (flags.keep) await keepExamples(tallies, targets);
  say(found === 0 ? 'No faults.' : `${found} faults, ${seen.size} of them different.`);
  return found === 0 ? 0 : 1;
}

async function list(): Promise<number> {
  for (const { name, about } of await allTargets()) {
    process.stdout.write(`${name.padEnd(24)} ${about}\n`);
  }
  return 0;
}

async function repeat(file: string, flags: Flags): Promise<number> {
  const wanted = flags.target?.[0] ?? targetInName(file);
  const all = [...(await allTargets()), ...(await drillTargets())];
  const target = all.find(({ name }) => name === wanted);
  if (target === undefined) {
    say(`${file} does not begin with the name of a target; give it as --target.`);
    return 2;
  }
  const { name, family } = target;
  const ran = await runChild({ kind: 'trial', target: { name, family }, file });
  if (ran.kind !== 'reported') {
    say(`It fails: ${ran.kind}: ${ran.reason}`);
    return 1;
  }
  const { report } = ran;
  if (report.kind !== 'trial' || report.outcome === undefined) {
    say(`It fails: ${report.kind === 'trial' ? report.said : ''}`);
    return 1;
  }
  say(`It passes: ${report.outcome} ${report.said}`);
  if (flags.keep) keepFinding(file, name, report.outcome);
  return 0;
}

function isWanted(name: string, wanted: readonly string[] | undefined): boolean {
  if (wanted === undefined) return true;
  return wanted.some((each) =>
    each.endsWith('*') ? name.startsWith(each.slice(0, -1)) : each === name,
  );
}

function seed(): number {
  return process.env['CI'] === 'true' ? 20_261_121 : Date.now() % 2 ** 31;
}

function duration(text: string): number {
  const [, count, unit] = /^(\d+)(s|m|h)$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError('write 90s, 30m or 2h');
  return Number(count) * (unit === 'h' ? 3600 : unit === 'm' ? 60 : 1);
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('write a whole number');
  return Number(text);
}

/** Progress is no result. */
function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
