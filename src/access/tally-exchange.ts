import type { Tally, TallyOrder, TallyStore } from '../store/index.js';

/** What one counter of this process tells the same counter of other gateways, and hears from them. */
interface TallyBook {
  /** Counted here once more. `restarts`: the window begins anew. */
  note(key: string, restarts?: boolean): void;
}

/** Opens the book of one counter. */
export type OpenTallyBook = (counter: {
  readonly seconds: number;
  /** Callers that did less than this here are no matter of the others. */
  readonly least: number;
  /** Takes up what all gateways counted together. */
  readonly raise: (key: string, used: number, secondsLeft: number) => Promise<void>;
}) => TallyBook;

/** Behind a database that is gone the oldest are forgotten; here they still count. */
const mostPending = 50_000;
const mostHeard = 10_000;
/** A commit may show up so much later than its time says. */
const lookBackMillis = 10_000;

interface Pending {
  by: number;
  restarts: boolean;
  readonly until: number;
}

interface Book {
  readonly seconds: number;
  readonly least: number;
  readonly raise: (key: string, used: number, secondsLeft: number) => Promise<void>;
  pending: Map<string, Pending>;
}

/**
 * Counts of several gateways, told to each other every second. Nothing waits for it: each gateway counts
 * for itself at once, so a limit holds without the database, too; what somebody does at another gateway
 * counts here a second later.
 */
export class TallyExchange {
  readonly #store: TallyStore;
  readonly #books = new Map<string, Book>();
  #heardAll = false;

  constructor(store: TallyStore) {
    this.#store = store;
  }

  /** @param name the same in every gateway */
  book(name: string): OpenTallyBook {
    return ({ seconds, least, raise }) => {
      const book: Book = { seconds, least, raise, pending: new Map() };
      this.#books.set(name, book);
      return { note: (key, restarts = false) => note(book, key, restarts) };
    };
  }

  /** One round. @throws GatewayError `store.*`; what was to be told is told the next time */
  async exchange(): Promise<void> {
    for (const [name, book] of this.#books) await this.#tell(name, book);
    const heard = await this.#store.changed(
      this.#heardAll ? lookBackMillis : Number.MAX_SAFE_INTEGER,
      mostHeard,
    );
    await this.#takeUp(heard);
    this.#heardAll = true;
  }

  async #tell(name: string, book: Book): Promise<void> {
    const now = performance.now();
    const orders: TallyOrder[] = [];
    for (const [key, { by, restarts, until }] of book.pending) {
      if (until < now) book.pending.delete(key);
      else if (by >= book.least || restarts)
        orders.push({ key: `${name}/${key}`, by, windowMillis: book.seconds * 1000, restarts });
    }
    await this.#store.add(orders);
    for (const { key, by } of orders) settle(book, key.slice(name.length + 1), by);
  }

  async #takeUp(heard: readonly Tally[]): Promise<void> {
    for (const { key, used, millisLeft } of heard) {
      const slash = key.indexOf('/');
      const book = this.#books.get(key.slice(0, slash));
      const own = key.slice(slash + 1);
      const pending = book?.pending.get(own)?.by ?? 0;
      await book?.raise(own, used + pending, Math.max(1, Math.ceil(millisLeft / 1000)));
    }
  }
}

function note(book: Book, key: string, restarts: boolean): void {
  const known = book.pending.get(key);
  if (known) {
    known.by += 1;
    known.restarts ||= restarts;
    return;
  }
  book.pending.set(key, { by: 1, restarts, until: performance.now() + book.seconds * 1000 });
  const [oldest] = book.pending.keys();
  if (book.pending.size > mostPending && oldest !== undefined) book.pending.delete(oldest);
}

/** What came while it was told is still to be told. */
function settle(book: Book, key: string, by: number): void {
  const pending = book.pending.get(key);
  if (!pending) return;
  pending.by -= by;
  pending.restarts = false;
  if (pending.by <= 0) book.pending.delete(key);
}
