import type { Connection, Reply } from './connection.js';
import type { PreparedRequest } from './load.js';
import { Connections, openLoop } from './open-loop.js';
import type { ProcessCpu } from './process-cpu.js';
import { startSpending, type Spending } from './spending.js';

/** Spent while the flood lasted. */
export interface FloodResult extends Spending {
  /** Served while the flood lasted, per second. */
  readonly perSecond: number;
  readonly servedMillis: readonly number[];
  readonly refusedMillis: readonly number[];
  /** Connections that ended without an answer. */
  readonly broken: number;
  /** Requests that should have been sent, and found no connection left. */
  readonly missed: number;
}

const mostConnections = 1500;
/** As many callers: limits and shares go by address. */
const addresses = Array.from({ length: 8 }, (_, index) => `127.0.0.${index + 2}`);

/**
 * Requests at a fixed rate, whatever becomes of them; who is told to come again does so behind all others.
 * Every certificate is verified afterwards.
 *
 * @param ended called when no more requests are sent
 */
export async function flood(
  port: number,
  requests: readonly PreparedRequest[],
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
  cpu: ProcessCpu,
  ended: () => Promise<void>,
): Promise<FloodResult> {
  const queue = [...requests];
  const connections = new Connections(port, { most: mostConnections, addresses });
  const served: { request: PreparedRequest; reply: Reply; millis: number; at: number }[] = [];
  const refusedMillis: number[] = [];
  let broken = 0;
  let next = 0;
  let missed = 0;

  async function send(through: Connection, request: PreparedRequest): Promise<void> {
    const sentAt = performance.now();
    const reply = await through.send(request.octets);
    const at = performance.now();
    if (reply.status === 200) served.push({ request, reply, millis: at - sentAt, at });
    else refusedMillis.push(at - sentAt);
    if (reply.status !== 200) queue.push(request);
  }

  const spending = startSpending(cpu);
  const startedAt = performance.now();
  const { settled } = await openLoop({
    gap: () => 1000 / perSecond,
    comes: (due) => due < seconds * 1000,
    async begin() {
      const request = connections.hasRoom ? queue[next++] : undefined;
      if (request === undefined) {
        missed += 1;
        return;
      }
      await connections
        .use((through) => send(through, request))
        .catch(() => {
          broken += 1;
          queue.push(request);
        });
    },
  });
  const endedAt = performance.now();
  const spent = spending();
  // Before replies are verified: that leaves this program no time to read another.
  await Promise.all([ended(), settled()]);
  connections.close();
  for (const { request, reply } of served) await request.verify(reply);
  return {
    ...spent,
    perSecond: (served.filter(({ at }) => at <= endedAt).length * 1000) / (endedAt - startedAt),
    servedMillis: served.map(({ millis }) => millis),
    refusedMillis,
    broken,
    missed,
  };
}
