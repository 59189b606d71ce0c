import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from './connection.js';
import type { Reply } from './load.js';

export interface Arrivals {
  readonly port: number;
  /** Requests a second, whatever becomes of them. */
  readonly perSecond: number;
  readonly millis: number;
  /** The next request; undefined when there is none left. */
  readonly next: () => Buffer | undefined;
  /** Called for every answer; undefined when the connection ended without one. */
  readonly answered: (request: Buffer, answer: Reply | undefined, millis: number) => void;
}

export interface ArrivalCount {
  readonly sent: number;
  /** That should have been sent, and for which there was no connection or no request left. */
  readonly missed: number;
}

const mostConnections = 1500;
/** As many callers: limits and shares go by address. */
const addresses = Array.from({ length: 8 }, (_, index) => `127.0.0.${index + 2}`);

/** Sends at a fixed rate, as a fleet does that knows nothing of the server's state; resolves when all is answered. */
export async function openLoop(arrivals: Arrivals): Promise<ArrivalCount> {
  const { port, perSecond, millis, next, answered } = arrivals;
  let connections: Connection[] = [];
  const underWay = new Set<Promise<void>>();
  const startedAt = performance.now();
  let due = 0;
  let sent = 0;
  let opened = 0;

  function connection(): Connection | undefined {
    for (let free = connections.pop(); free; free = connections.pop()) if (free.isFree) return free;
    if (underWay.size >= mostConnections) return undefined;
    return new Connection(port, addresses[opened++ % addresses.length] ?? '127.0.0.1');
  }

  function send(): void {
    const through = connection();
    const request = through && next();
    if (!through || !request) return;
    sent += 1;
    const at = performance.now();
    const done = through
      .send(request)
      .then(
        (answer) => answered(request, answer, performance.now() - at),
        () => answered(request, undefined, performance.now() - at),
      )
      .finally(() => {
        underWay.delete(done);
        if (through.isUsable) connections.push(through);
      });
    underWay.add(done);
  }

  for (let elapsed = 0; elapsed < millis; elapsed = performance.now() - startedAt) {
    for (const until = Math.floor((elapsed / 1000) * perSecond); due < until; due++) send();
    await pause(2);
  }
  await Promise.all(underWay);
  for (const each of connections) each.close();
  connections = [];
  return { sent, missed: due - sent };
}
