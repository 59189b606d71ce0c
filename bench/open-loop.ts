/** Load that waits for nobody: a fleet comes when it comes, whatever became of those before. */
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from './connection.js';

interface Arrivals {
  /** Milliseconds between two of them. */
  readonly gap: () => number;
  /** Whether one comes so many milliseconds after the begin. */
  readonly comes: (due: number) => boolean;
  /** @param at when it came, by `performance.now()`; begun a little later where the machine is busy */
  readonly begin: (at: number) => Promise<void>;
}

/** Resolves when the last has come, to what waits for those under way. */
export async function openLoop({
  gap,
  comes,
  begin,
}: Arrivals): Promise<{ readonly settled: () => Promise<unknown> }> {
  const underWay = new Set<Promise<void>>();
  const startedAt = performance.now();
  for (let due = gap(); comes(due); due += gap()) {
    const at = startedAt + due;
    while (performance.now() < at) await pause(at - performance.now());
    const done = begin(at);
    underWay.add(done);
    // What failed is told with the end.
    done.then(
      () => underWay.delete(done),
      () => undefined,
    );
  }
  return { settled: () => Promise.all(underWay) };
}

/** Kept-alive ones, as many as there are requests at once. */
export class Connections {
  readonly #port: number;
  readonly #most: number;
  readonly #addresses: readonly (string | undefined)[];
  readonly #free: Connection[] = [];
  #taken = 0;
  #opened = 0;

  /** @param addresses where they come from, in turn */
  constructor(
    port: number,
    {
      most = Infinity,
      addresses = [undefined],
    }: { readonly most?: number; readonly addresses?: readonly (string | undefined)[] } = {},
  ) {
    this.#port = port;
    this.#most = most;
    this.#addresses = addresses;
  }

  get hasRoom(): boolean {
    return this.#taken < this.#most;
  }

  /** One that fails at its work is not used again. */
  async use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    this.#taken += 1;
    try {
      const connection = this.#take();
      const result = await work(connection);
      this.#free.push(connection);
      return result;
    } finally {
      this.#taken -= 1;
    }
  }

  close(): void {
    for (const each of this.#free.splice(0)) each.close();
  }

  #take(): Connection {
    for (let kept = this.#free.pop(); kept; kept = this.#free.pop()) if (kept.isOpen) return kept;
    return new Connection(this.#port, this.#addresses[this.#opened++ % this.#addresses.length]);
  }
}
