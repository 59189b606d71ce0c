import { GatewayError } from '../../errors/index.js';

/** Orders of one transaction at most. */
const BATCH_LIMIT = 256;
/** Beyond it the answer is 503 at once. */
const WAITING_LIMIT = 10_000;

interface Waiting<Order, Answer> {
  readonly order: Order;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Orders that come while one transaction is under way go into the next one together. They all lock the
 * rows of a few accounts: one by one each would wait for the disk of the one before, and a crowd of them
 * would hold every connection while it waits.
 */
export class OrderQueue<Order, Answer> {
  readonly #work: (orders: readonly Order[]) => Promise<readonly Answer[]>;
  #waiting: Waiting<Order, Answer>[] = [];
  #isWorking = false;

  /** @param work gives an answer for each order, in their order; when it rejects, none of them happened */
  constructor(work: (orders: readonly Order[]) => Promise<readonly Answer[]>) {
    this.#work = work;
  }

  submit(order: Order): Promise<Answer> {
    if (this.#waiting.length >= WAITING_LIMIT)
      return Promise.reject(
        new GatewayError('store.unavailable', 'Too much waits for the database.'),
      );
    return new Promise((resolve, reject) => {
      this.#waiting.push({ order, resolve, reject });
      if (!this.#isWorking) void this.#workOff();
    });
  }

  async #workOff(): Promise<void> {
    this.#isWorking = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH_LIMIT);
      try {
        const answers = await this.#work(batch.map(({ order }) => order));
        for (const [index, { resolve, reject }] of batch.entries()) {
          const answer = answers[index];
          if (answer === undefined) reject(new GatewayError('internal', 'An order was forgotten.'));
          else resolve(answer);
        }
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isWorking = false;
  }
}
