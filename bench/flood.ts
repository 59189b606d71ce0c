import { setTimeout as pause } from 'node:timers/promises';
import { Connection, type Reply } from './connection.js';
import type { PreparedRequest } from './load.js';

export interface FloodResult {
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
  ended: () => void,
): Promise<FloodResult> {
  const queue = [...requests];
  const free: Connection[] = [];
  const underWay = new Set<Promise<void>>();
  const served: { request: PreparedRequest; reply: Reply; millis: number; at: number }[] = [];
  const refusedMillis: number[] = [];
  let broken = 0;
  let next = 0;
  let opened = 0;
  let missed = 0;

  function connection(): Connection | undefined {
    for (let kept = free.pop(); kept; kept = free.pop()) if (kept.isOpen) return kept;
    if (underWay.size >= mostConnections) return undefined;
    return new Connection(port, addresses[opened++ % addresses.length]);
  }

  async function send(through: Connection, request: PreparedRequest): Promise<void> {
    const sentAt = performance.now();
    try {
      const reply = await through.send(request.octets);
      const at = performance.now();
      if (reply.status === 200) served.push({ request, reply, millis: at - sentAt, at });
      else refusedMillis.push(at - sentAt);
      if (reply.status !== 200) queue.push(request);
      free.push(through);
    } catch {
      broken += 1;
      queue.push(request);
    }
  }

  const startedAt = performance.now();
  for (
    let due = 0, elapsed = 0;
    elapsed < seconds * 1000;
    elapsed = performance.now() - startedAt
  ) {
    for (; due < (elapsed / 1000) * perSecond; due++) {
      const through = connection();
      const request = through && queue[next++];
      if (!through || !request) {
        missed += 1;
        continue;
      }
      const done = send(through, request).finally(() => underWay.delete(done));
      underWay.add(done);
    }
    await pause(2);
  }
  const endedAt = performance.now();
  ended();
  await Promise.all(underWay);
  for (const each of free) each.close();
  for (const { request, reply } of served) await request.verify(reply);
  return {
    perSecond: served.filter(({ at }) => at <= endedAt).length / seconds,
    servedMillis: served.map(({ millis }) => millis),
    refusedMillis,
    broken,
    missed,
  };
}
