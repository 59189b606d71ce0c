/** Callers of the same work share one run of it: a device that re-sends while we work gets the one answer. */
export class InFlight<T> {
  readonly #running = new Map<string, Promise<T>>();

  share(key: string, work: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key);
    if (running) return running;
    const started = work().finally(() => this.#running.delete(key));
    this.#running.set(key, started);
    return started;
  }
}
