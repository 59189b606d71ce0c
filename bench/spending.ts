/** What a load cost, and whom: the cores belong to the server, to the load program and to the machine's host. */
import { readFileSync } from 'node:fs';
import type { ProcessCpu } from './process-cpu.js';

export interface Spending {
  readonly seconds: number;
  /** CPU of the server process and its threads. */
  readonly cpuMillis: number;
  /** Of its main thread alone: where there is one event loop, it cannot do more in a second. */
  readonly loopMillis: number;
  /** Of this process, which competes for the same cores. */
  readonly generatorMillis: number;
  /** Of the server's cores, what the host gave to others meanwhile (Linux: steal); 0 where there is no host. */
  readonly stolenMillis: number;
  /** Of the server's cores, what nobody used. */
  readonly idleMillis: number;
}

/** Counts from now on; what is returned reads it off. */
export function startSpending(server: ProcessCpu): () => Spending {
  const startedAt = performance.now();
  const before = server.used();
  const own = process.cpuUsage();
  const machine = machineMillis(server);
  return () => {
    const seconds = (performance.now() - startedAt) / 1000;
    const after = server.used();
    const { user, system } = process.cpuUsage(own);
    const { stolen, idle } = machineMillis(server);
    return {
      seconds,
      cpuMillis: after.all - before.all,
      loopMillis: after.loop - before.loop,
      generatorMillis: (user + system) / 1000,
      stolenMillis: stolen - machine.stolen,
      idleMillis: idle - machine.idle,
    };
  };
}

export function spentTogether(all: readonly Spending[]): Spending {
  const sum = (pick: (each: Spending) => number) =>
    all.reduce((total, each) => total + pick(each), 0);
  return {
    seconds: sum(({ seconds }) => seconds),
    cpuMillis: sum(({ cpuMillis }) => cpuMillis),
    loopMillis: sum(({ loopMillis }) => loopMillis),
    generatorMillis: sum(({ generatorMillis }) => generatorMillis),
    stolenMillis: sum(({ stolenMillis }) => stolenMillis),
    idleMillis: sum(({ idleMillis }) => idleMillis),
  };
}

/** `cpu  user nice system idle iowait irq softirq steal`, in ticks of 10 ms (proc(5)). */
function machineMillis({ core }: ProcessCpu): { readonly stolen: number; readonly idle: number } {
  const lines = readFileSync('/proc/stat', 'utf8').split('\n');
  const name = core === undefined ? 'cpu ' : `cpu${core} `;
  const line = lines.find((each) => each.startsWith(name)) ?? '';
  const ticks = line.trim().split(/ +/).slice(1).map(Number);
  return { stolen: 10 * (ticks[7] ?? 0), idle: 10 * ((ticks[3] ?? 0) + (ticks[4] ?? 0)) };
}
