import { Connection, type Reply } from './connection.js';
import { Connections, openLoop } from './open-loop.js';
import type { ProcessCpu } from './process-cpu.js';

/** Made beforehand, so that the load program costs next to nothing while the clock runs. */
export interface PreparedRequest {
  /** The HTTP request as it stands on the wire. */
  readonly octets: Buffer;
  /** Throws when the reply is none that this request may get. */
  verify(reply: Reply): Promise<'served' | 'refused'>;
}

/** What a load did, before any division. Loads of one row are added up. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** CPU of the server process and its threads. */
  readonly cpuMillis: number;
  /** Of its main thread alone: where there is one event loop, it cannot do more in a second. */
  readonly loopMillis: number;
  /** Of this process, which competes for the same cores. */
  readonly generatorMillis: number;
  /** How long each took. */
  readonly millis: readonly number[];
  /** What the server refused (scepserver does under load); it counts as served. */
  readonly refused: number;
}

/** When the requests leave: as soon as one of so many connections is free, or at a rate, whoever is done. */
export type Pace = { readonly inFlight: number } | { readonly perSecond: number };

/** Sends every request once and verifies every reply afterwards. */
export async function load(
  port: number,
  requests: readonly PreparedRequest[],
  pace: Pace,
  cpu: ProcessCpu,
): Promise<LoadResult> {
  const before = { ...cpu.used(), own: process.cpuUsage() };
  const started = performance.now();
  const timed =
    'inFlight' in pace
      ? await closedLoop(port, requests, pace.inFlight)
      : await openLoad(port, requests, pace.perSecond);
  const seconds = (performance.now() - started) / 1000;
  const after = cpu.used();
  const own = process.cpuUsage(before.own);
  const verdicts = await Promise.all(
    requests.map((prepared, index) => prepared.verify(timed[index]!.reply)),
  );
  return {
    requests: requests.length,
    seconds,
    cpuMillis: after.all - before.all,
    loopMillis: after.loop - before.loop,
    generatorMillis: (own.user + own.system) / 1000,
    millis: timed.map(({ millis }) => millis),
    refused: verdicts.filter((verdict) => verdict === 'refused').length,
  };
}

interface Timed {
  readonly reply: Reply;
  readonly millis: number;
}

async function closedLoop(
  port: number,
  requests: readonly PreparedRequest[],
  inFlight: number,
): Promise<Timed[]> {
  const results = new Array<Timed>(requests.length);
  let next = 0;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      const connection = new Connection(port);
      for (let index = next++; index < requests.length; index = next++) {
        const sent = performance.now();
        const reply = await connection.send(requests[index]!.octets);
        results[index] = { reply, millis: performance.now() - sent };
      }
      connection.close();
    }),
  );
  return results;
}

/** Requests come at random (exponential gaps), and their time counts from when they came. */
async function openLoad(
  port: number,
  requests: readonly PreparedRequest[],
  perSecond: number,
): Promise<Timed[]> {
  const connections = new Connections(port);
  const timed: Timed[] = [];
  let next = 0;
  const { settled } = await openLoop({
    gap: () => (-Math.log(1 - Math.random()) * 1000) / perSecond,
    comes: () => next < requests.length,
    begin: (at) => {
      const index = next++;
      return connections.use(async (connection) => {
        const reply = await connection.send(requests[index]!.octets);
        timed[index] = { reply, millis: performance.now() - at };
      });
    },
  });
  await settled();
  connections.close();
  return timed;
}

export function together(results: readonly LoadResult[]): LoadResult {
  const sum = (pick: (result: LoadResult) => number) =>
    results.reduce((total, result) => total + pick(result), 0);
  return {
    requests: sum(({ requests }) => requests),
    seconds: sum(({ seconds }) => seconds),
    cpuMillis: sum(({ cpuMillis }) => cpuMillis),
    loopMillis: sum(({ loopMillis }) => loopMillis),
    generatorMillis: sum(({ generatorMillis }) => generatorMillis),
    millis: results.flatMap(({ millis }) => millis),
    refused: sum(({ refused }) => refused),
  };
}

export function percentile(millis: readonly number[], share: number): number {
  const sorted = millis.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
