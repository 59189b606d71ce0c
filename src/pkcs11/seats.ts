/** So many at work at once; who comes after waits in order, and there is an end to that. */
export class Seats {
  readonly #seats: number;
  #free: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];

  constructor(seats: number, mostWaiting: number) {
    this.#seats = seats;
    this.#free = seats;
    this.#mostWaiting = mostWaiting;
  }

  /** At work or waiting. */
  get taken(): number {
    return this.#seats - this.#free + this.#waiting.length;
  }

  get isFull(): boolean {
    return this.#free === 0 && this.#waiting.length >= this.#mostWaiting;
  }

  /** The seat is given back when the work has ended, however long its caller waited for it. */
  async sit<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}
