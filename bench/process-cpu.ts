import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** User and system time of a process as Linux counts it, in ticks of 10 ms. */
export class ProcessCpu {
  readonly pid: number;
  /** The only one it runs on; undefined: all there are. */
  readonly core: number | undefined;

  constructor(pid: number, core?: number) {
    this.pid = pid;
    this.core = core;
  }

  /** How many it may run on. */
  get cores(): number {
    return this.core === undefined ? availableParallelism() : 1;
  }

  /** Milliseconds of all threads, and of the main thread. */
  used(): { readonly all: number; readonly loop: number } {
    return {
      all: ticksMillis(`/proc/${this.pid}/stat`),
      loop: ticksMillis(`/proc/${this.pid}/task/${this.pid}/stat`),
    };
  }

  residentMiB(): number {
    const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'));
    return Number(match?.[1] ?? 0) / 1024;
  }
}

function ticksMillis(file: string): number {
  const fields = readFileSync(file, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
