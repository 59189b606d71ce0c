/** Runs inputs in a process of its own, so that one that never comes back can be ended. */
import { openSync, readFileSync, writeSync } from 'node:fs';
import type { Errand, Slice, SliceReport, Trial, TrialReport } from './errand.js';
import { judge, signature } from './judge.js';
import { makeInput } from './input.js';
import { minimize } from './minimize.js';
import { SliceRecord } from './slice-record.js';
import { preparedProbe } from './prepared-probe.js';
import type { Probe } from './target.js';
import { findTarget } from './targets.js';

async function main(errand: Errand): Promise<SliceReport | TrialReport> {
  const { name, family } = errand.target;
  const probe = await preparedProbe(await findTarget(name, family));
  try {
    return errand.kind === 'slice' ? await runSlice(probe, errand) : await runTrial(probe, errand);
  } finally {
    await probe.close?.();
  }
}

const mostFaults = 5;
/** Of CPU, for one input, three times over: nothing a stranger sends may take so long. */
const slowMillis = 1000;
const leakOctets = 48 * 2 ** 20;

async function runSlice(probe: Probe, slice: Slice): Promise<SliceReport> {
  const { seed, from, count, seconds } = slice;
  const position = openSync(slice.positionFile, 'w');
  const mark = Buffer.alloc(8);
  const end = Date.now() + seconds * 1000;
  const record = new SliceRecord();
  let slowest = { n: from, millis: 0 };
  let heapBefore = 0;
  let n = from;
  for (; n < from + count && Date.now() < end; n++) {
    const input = await makeInput(probe, seed, n);
    mark.writeDoubleLE(n);
    writeSync(position, mark, 0, 8, 0);
    const began = performance.now();
    const judged = judge(probe, input);
    const verdict = judged instanceof Promise ? await judged : judged;
    const millis = performance.now() - began;
    if (millis > slowest.millis) slowest = { n, millis };
    if (verdict.kind === 'passed') record.passed(verdict, input);
    else if (record.isNew(signature(verdict.fault)) && record.findings.length < mostFaults) {
      record.found('fault', verdict.fault, await smallest(probe, input, verdict.fault));
    }
    // Promises that are done already never let the event loop turn.
    if (n % 512 === 0) await new Promise(setImmediate);
    if (n === from + Math.floor(count / 5)) heapBefore = heapInUse();
  }
  const heapAfter = heapInUse();
  if (heapBefore > 0 && heapAfter - heapBefore > leakOctets) {
    record.found('leak', `the heap grew from ${heapBefore} to ${heapAfter} octets`, undefined);
  }
  if (slowest.millis > slowMillis) {
    const input = await makeInput(probe, seed, slowest.n);
    const millis = await leastCpu(probe, input);
    if (millis > slowMillis) record.found('slow', `${Math.round(millis)} ms of CPU`, input);
  }
  try {
    await probe.finish?.();
  } catch (error) {
    record.found('end', String(error), undefined);
  }
  return record.report(n - from);
}

async function smallest(probe: Probe, input: Buffer, fault: string): Promise<Buffer> {
  const wanted = signature(fault);
  const fails = async (candidate: Buffer): Promise<boolean> => {
    const verdict = await judge(probe, candidate);
    return verdict.kind === 'fault' && signature(verdict.fault) === wanted;
  };
  return (await fails(input)) ? minimize(input, fails, 3000) : input;
}

/** Of three runs: the machine may have been busy in one. */
async function leastCpu(probe: Probe, input: Buffer): Promise<number> {
  let least = Infinity;
  for (let run = 0; run < 3; run++) {
    const before = process.cpuUsage();
    await judge(probe, input);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

/** The child runs with --expose-gc. */
function heapInUse(): number {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function runTrial(probe: Probe, { file }: Trial): Promise<TrialReport> {
  const verdict = await judge(probe, readFileSync(file));
  return verdict.kind === 'fault'
    ? { kind: 'trial', outcome: undefined, said: verdict.fault }
    : { kind: 'trial', outcome: verdict.outcome, said: verdict.detail };
}

process.once('message', (errand: Errand) => {
  main(errand).then(
    (report) => process.send?.(report, () => process.disconnect()),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
      process.exit(70);
    },
  );
});
