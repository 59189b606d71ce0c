import type { Pool, PoolClient } from 'pg';
import { GatewayError } from '../../errors/index.js';
import { isAnswer, isStale, mustRunAgain, postgresError } from './postgres-error.js';
import { PreparedTexts } from './prepared-texts.js';
import { Session } from './session.js';

/** Work that waits for a connection, at most: beyond it the answer is 503 at once, not a longer queue. */
const WAITING_LIMIT = 1000;
/** A transaction that the server ended in favour of another is run so often in all. */
const RUNS = 5;

/** A pool of connections. What it throws is a GatewayError. */
export class PostgresDatabase {
  readonly #pool: Pool;
  readonly #texts = new PreparedTexts();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** One statement, or reads that need no common moment. What was written is durable when it resolves. */
  async session<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const client = await this.#connected();
    // A connection may end between two statements: the next statement tells.
    const ignore = () => undefined;
    client.on('error', ignore);
    let reusable = false;
    try {
      const result = await work(new Session(client, this.#texts));
      reusable = true;
      return result;
    } catch (error) {
      reusable = isAnswer(error) && !isStale(error);
      throw postgresError(error);
    } finally {
      client.off('error', ignore);
      client.release(!reusable);
    }
  }

  /**
   * Several statements of which all happen or none; each sees what others have committed before it.
   * `work` may run more than once.
   */
  async transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    for (let run = 1; ; run++) {
      const outcome = await this.session((session) => attempt(session, work, run === RUNS));
      if (outcome.kind === 'done') return outcome.value;
    }
  }

  /** Lets what is under way end, then closes every connection; a second call does nothing. */
  async close(): Promise<void> {
    if (!this.#pool.ending) await this.#pool.end();
  }

  async #connected(): Promise<PoolClient> {
    if (this.#pool.ending) throw new GatewayError('store.unavailable', 'The database is closed.');
    if (this.#pool.waitingCount >= WAITING_LIMIT)
      throw new GatewayError('store.unavailable', 'Too much waits for the database.', {
        mend: 'Look at the load of the PostgreSQL server, or raise data.store.connections.',
      });
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw postgresError(error);
    }
  }
}

type Attempt<T> = { readonly kind: 'done'; readonly value: T } | { readonly kind: 'run-again' };

async function attempt<T>(
  session: Session,
  work: (session: Session) => Promise<T>,
  isLast: boolean,
): Promise<Attempt<T>> {
  await session.script('BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE');
  try {
    const value = await work(session);
    await session.script('COMMIT');
    return { kind: 'done', value };
  } catch (error) {
    // A connection that broke is thrown away, and the server rolls back by itself.
    if (!isAnswer(error)) throw error;
    await session.script('ROLLBACK');
    if (isLast || !mustRunAgain(error)) throw error;
    return { kind: 'run-again' };
  }
}
