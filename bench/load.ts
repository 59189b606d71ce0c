import { Connection, type Reply } from './connection.js';
import { Connections, openLoop } from './open-loop.js';
import type { ProcessCpu } from './process-cpu.js';
import { spentTogether, startSpending, type Spending } from './spending.js';

/** Made beforehand, so that the load program costs next to nothing while the clock runs. */
export interface PreparedRequest {
  /** The HTTP request as it stands on the wire. */
  readonly octets: Buffer;
  /** Throws when the reply is none that this request may get. */
  verify(reply: Reply): Promise<'served' | 'refused'>;
}

/** What a load did, before any division. Loads of one row are added up. */
export interface LoadResult extends Spending {
  readonly requests: number;
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
  const spending = startSpending(cpu);
  const timed =
    'inFlight' in pace
      ? await closedLoop(port, requests, pace.inFlight)
      : await openLoad(port, requests, pace.perSecond);
  const spent = spending();
  const verdicts = await Promise.all(
    requests.map((prepared, index) => prepared.verify(timed[index]!.reply)),
  );
  return {
    ...spent,
    requests: requests.length,
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
    ...spentTogether(results),
    requests: sum(({ requests }) => requests),
    millis: results.flatMap(({ millis }) => millis),
    refused: sum(({ refused }) => refused),
  };
}

export function percentile(millis: readonly number[], share: number): number {
  const sorted = millis.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
