import type { Connection } from './connection.js';

/** As many connections as are allowed, idle ones kept a short while. */
export interface ConnectionPool {
  /** A place, with an idle connection where there is one; undefined when the signal fired first. */
  take(signal: AbortSignal): Promise<{ readonly idle: Connection | undefined } | undefined>;
  /** A new connection: `close` ends it too. */
  opened(connection: Connection): void;
  /** Gives the place back; a connection that may be used again is kept. */
  give(connection: Connection | undefined, use: 'again' | 'no-more'): void;
  /** Ends all connections; nobody gets a place any more. */
  close(): void;
}

export function createConnectionPool(options: {
  readonly connections: number;
  readonly idleMillis: number;
}): ConnectionPool {
  const all = new Set<Connection>();
  const idle: { readonly connection: Connection; readonly timer: NodeJS.Timeout }[] = [];
  const waiting = new Set<() => void>();
  let free = options.connections;
  let closed = false;

  /** The one used last is the least likely to be gone. */
  function reuse(): Connection | undefined {
    for (let kept = idle.pop(); kept; kept = idle.pop()) {
      clearTimeout(kept.timer);
      if (kept.connection.isOpen()) return kept.connection;
      end(kept.connection);
    }
    return undefined;
  }

  function end(connection: Connection): void {
    all.delete(connection);
    connection.close();
  }

  function keep(connection: Connection): void {
    const timer = setTimeout(() => {
      idle.splice(0, idle.length, ...idle.filter((kept) => kept.connection !== connection));
      end(connection);
    }, options.idleMillis);
    timer.unref();
    idle.push({ connection, timer });
  }

  function turn(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const onTurn = () => {
        waiting.delete(onTurn);
        signal.removeEventListener('abort', onAbort);
        resolve(true);
      };
      const onAbort = () => {
        waiting.delete(onTurn);
        resolve(false);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      waiting.add(onTurn);
    });
  }

  return {
    async take(signal) {
      if (signal.aborted || closed) return undefined;
      if (free > 0) free -= 1;
      // The place is handed over, never put back in between.
      else if (!(await turn(signal))) return undefined;
      return { idle: reuse() };
    },
    opened: (connection) => void all.add(connection),
    give(connection, use) {
      if (connection && use === 'again' && !closed && connection.isOpen()) keep(connection);
      else if (connection) end(connection);
      const [next] = waiting;
      if (next) next();
      else free += 1;
    },
    close() {
      closed = true;
      for (const connection of [...all]) end(connection);
      for (const { timer } of idle.splice(0)) clearTimeout(timer);
    },
  };
}
