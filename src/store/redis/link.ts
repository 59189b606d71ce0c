import { GatewayError } from '../../errors/index.js';
import { addressOf, type RedisConnection } from './connection.js';
import { ConnectionPause, type ConnectionPauseOptions } from './connection-pause.js';
import { isUnknownScript, redisError } from './redis-error.js';
import type { RedisScript } from './scripts.js';

/** Commands under way at once; beyond it the answer is 503 at once, not a longer queue. */
const COMMANDS_LIMIT = 5000;
/** Callers that wait for a connection. */
const WAITING_LIMIT = 1000;

/** A connection that is open. */
export interface RedisSession {
  /** Gives the script the prefix as its only key. */
  run(script: RedisScript, ...parameters: readonly string[]): Promise<unknown>;
  command(...words: readonly string[]): Promise<unknown>;
}

/** What of the client is used here. */
interface Client {
  connect(): Promise<unknown>;
  sendCommand(command: readonly string[]): Promise<unknown>;
  close(): Promise<unknown>;
  destroy(): void;
}

interface Opened extends RedisSession {
  /** Lets what is under way be answered. */
  close(): Promise<void>;
}

/**
 * One connection, made when it is first needed, and anew after it broke: whoever needs it then waits for it,
 * for as long as a connection may take, and no command is kept for later. After an attempt that failed there
 * is a pause, in which everybody gets its fault at once. What it throws is a GatewayError.
 */
export class RedisLink implements RedisSession {
  readonly #connection: RedisConnection;
  readonly #greet: (session: RedisSession) => Promise<void>;
  readonly #pause: ConnectionPause;
  #opened: Promise<Opened> | undefined;
  #waiting = 0;
  #isClosed = false;

  /** @param greet what is done on each new connection before anybody else uses it */
  constructor(
    connection: RedisConnection,
    greet: (session: RedisSession) => Promise<void>,
    chance: ConnectionPauseOptions = { stopwatch: () => performance.now(), random: Math.random },
  ) {
    this.#connection = connection;
    this.#greet = greet;
    this.#pause = new ConnectionPause(chance);
  }

  async run(script: RedisScript, ...parameters: readonly string[]): Promise<unknown> {
    return (await this.#connected()).run(script, ...parameters);
  }

  async command(...words: readonly string[]): Promise<unknown> {
    return (await this.#connected()).command(...words);
  }

  /** A second call does nothing. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const opened = await this.#opened?.catch(() => undefined);
    this.#opened = undefined;
    await opened?.close();
  }

  async #connected(): Promise<Opened> {
    if (this.#isClosed)
      throw new GatewayError('store.unavailable', 'The challenge store is closed.');
    if (this.#opened === undefined) this.#pause.requireOver();
    if (this.#waiting >= WAITING_LIMIT)
      throw new GatewayError('store.unavailable', 'Too much waits for the challenge server.', {
        mend: 'Look at the load of the Redis server.',
      });
    this.#waiting++;
    try {
      return await (this.#opened ??= this.#open());
    } finally {
      this.#waiting--;
    }
  }

  #open(): Promise<Opened> {
    const forget = () => {
      if (this.#opened === opened) this.#opened = undefined;
    };
    const opened = openSession(this.#connection, this.#greet, forget).then(
      (session) => {
        this.#pause.worked();
        return session;
      },
      (error: unknown) => {
        const fault = named(this.#connection, error);
        this.#pause.failed(fault);
        forget();
        throw fault;
      },
    );
    return opened;
  }
}

/** @param onEnd called when the connection is of no use any more, perhaps more than once */
async function openSession(
  connection: RedisConnection,
  greet: (session: RedisSession) => Promise<void>,
  onEnd: () => void,
): Promise<Opened> {
  const { prefix, connectTimeoutMs, commandTimeoutMs } = connection;
  const end = () => {
    onEnd();
    client.destroy();
  };
  const client = await makeClient(connection, end);
  await within(connectTimeoutMs, client.connect(), end);
  const command = async (...words: readonly string[]) => {
    try {
      return await within(commandTimeoutMs, client.sendCommand(words), end);
    } catch (error) {
      throw isUnknownScript(error) ? error : redisError(error);
    }
  };
  const session: RedisSession = {
    command,
    async run({ hash, text }, ...parameters) {
      const rest = ['1', prefix, ...parameters];
      try {
        return await command('EVALSHA', hash, ...rest);
      } catch (error) {
        if (!isUnknownScript(error)) throw error;
        return command('EVAL', text, ...rest);
      }
    },
  };
  try {
    await greet(session);
  } catch (error) {
    end();
    throw error;
  }
  return {
    ...session,
    close: () => within(commandTimeoutMs, client.close(), end).then(() => undefined, end),
  };
}

async function makeClient(
  { host, port, user, password, database, tls, connectTimeoutMs }: RedisConnection,
  end: () => void,
): Promise<Client> {
  const { createClient } = await import('@redis/client');
  const common = { reconnectStrategy: false, connectTimeout: connectTimeoutMs } as const;
  const secret = await password();
  const client = createClient({
    socket: host.startsWith('/')
      ? { ...common, path: host, tls: false }
      : tls
        ? { ...common, ...tls, host, port, tls: true }
        : { ...common, host, port },
    database,
    ...(secret !== '' && { password: secret, ...(user !== undefined && { username: user }) }),
    // Older servers and other makes know neither RESP 3 nor what is told with it.
    RESP: 2,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    disableOfflineQueue: true,
    commandsQueueMaxLength: COMMANDS_LIMIT,
  });
  client.on('error', end);
  return client;
}

/** A server that does not answer in time gets a new connection: a later reply waits for all before it. */
async function within<T>(millis: number, work: Promise<T>, end: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer in ${millis / 1000} s`));
      end();
    }, millis);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Where the server was looked for is for the log: a device need not know it. */
function named(connection: RedisConnection, cause: unknown): GatewayError {
  const { code, message, mend, detail = message } = redisError(cause);
  return new GatewayError(code, message, {
    detail: `${addressOf(connection)}: ${detail}`,
    cause,
    ...(mend !== undefined && { mend }),
  });
}
