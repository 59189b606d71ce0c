/** A child under watch: it is ended when one input takes too much CPU, time or memory. */
import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Errand, SliceReport, TrialReport } from './errand.js';

export type ChildOutcome =
  | { readonly kind: 'reported'; readonly report: SliceReport | TrialReport }
  /** `position`: number of the input at hand, where one was begun. */
  | {
      readonly kind: 'hang' | 'memory' | 'death';
      readonly reason: string;
      readonly position: number | undefined;
    };

const limits = {
  /** Of CPU, for one input: a thousand times what the dearest one takes. */
  cpuSeconds: 10,
  /** Without any progress or CPU: a promise that nobody settles. A machine is not that busy for that long. */
  idleSeconds: 300,
  residentOctets: 2 ** 30,
  heapMebibytes: 512,
} as const;

const lookEveryMillis = 500;

export async function runChild(errand: Errand): Promise<ChildOutcome> {
  const positionFile = errand.kind === 'slice' ? errand.positionFile : undefined;
  // That of the slice before.
  if (positionFile !== undefined) rmSync(positionFile, { force: true });
  const child = fork(fileURLToPath(new URL('./child.js', import.meta.url)), [], {
    execArgv: ['--expose-gc', `--max-old-space-size=${limits.heapMebibytes}`, '--no-warnings'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const said: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => said.length < 64 && said.push(chunk));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const reported = new Promise<SliceReport | TrialReport | undefined>((resolve) => {
    child.once('message', (report: SliceReport | TrialReport) => resolve(report));
    void ended.then(() => resolve(undefined));
  });
  child.send(errand);
  const over = new AbortController();
  const verdict = await Promise.race([reported, watch(child, positionFile, over.signal)]);
  over.abort();
  if (verdict !== undefined && 'reason' in verdict) {
    child.kill('SIGKILL');
    await ended;
    return { ...verdict, position: positionIn(positionFile) };
  }
  await ended;
  if (verdict !== undefined) return { kind: 'reported', report: verdict };
  const words = Buffer.concat(said).toString('utf8').trim();
  return {
    kind: /heap out of memory|Array buffer allocation failed/.test(words) ? 'memory' : 'death',
    reason: `it ended with ${child.signalCode ?? child.exitCode}: ${words.slice(-1500)}`,
    position: positionIn(positionFile),
  };
}

type Reason = { readonly kind: 'hang' | 'memory'; readonly reason: string };

async function watch(
  child: ChildProcess,
  positionFile: string | undefined,
  over: AbortSignal,
): Promise<Reason | undefined> {
  let position = positionIn(positionFile);
  let since = { cpu: 0, time: Date.now() };
  for (;;) {
    try {
      await wait(lookEveryMillis, undefined, { signal: over });
    } catch {
      return undefined;
    }
    const cpu = cpuSeconds(child.pid);
    const now = positionIn(positionFile);
    if (now !== position) {
      position = now;
      since = { cpu, time: Date.now() };
    }
    const spent = cpu - since.cpu;
    // Before the first input the target is prepared: for one of them that is a whole gateway.
    if (now !== undefined && spent > limits.cpuSeconds) {
      return { kind: 'hang', reason: `one input took ${Math.round(spent)} s of CPU` };
    }
    if (Date.now() - since.time > limits.idleSeconds * 1000) {
      return { kind: 'hang', reason: `one input did not come back in ${limits.idleSeconds} s` };
    }
    const resident = residentOctets(child.pid);
    if (resident > limits.residentOctets) {
      return { kind: 'memory', reason: `the process took ${Math.round(resident / 2 ** 20)} MiB` };
    }
  }
}

function positionIn(file: string | undefined): number | undefined {
  if (file === undefined) return undefined;
  try {
    const mark = readFileSync(file);
    return mark.length === 8 ? mark.readDoubleLE() : undefined;
  } catch {
    return undefined;
  }
}

/** As Linux tells; elsewhere 0, and the time alone counts. */
function cpuSeconds(pid: number | undefined): number {
  const fields = procFile(pid, 'stat').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
}

function residentOctets(pid: number | undefined): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB/m.exec(procFile(pid, 'status'))?.[1];
  return Number(kibibytes ?? 0) * 1024;
}

function procFile(pid: number | undefined, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
