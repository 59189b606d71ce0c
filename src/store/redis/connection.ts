import type { ConnectionOptions } from 'node:tls';

/** How a Redis-compatible server is reached. */
export interface RedisConnection {
  /** A name, an address, or the path of a Unix socket. */
  readonly host: string;
  readonly port: number;
  /** Number of the database, as SELECT takes it. */
  readonly database: number;
  /** Of its ACL; undefined: `default`. */
  readonly user: string | undefined;
  /** Asked for every new connection, so that a changed password needs no restart; empty: none. */
  readonly password: () => Promise<string>;
  /** Undefined: in the clear, as through a Unix socket. */
  readonly tls: ConnectionOptions | undefined;
  /** What every key begins with. */
  readonly prefix: string;
  /** For a connection to be made and let in. */
  readonly connectTimeoutMs: number;
  /** For each command. */
  readonly commandTimeoutMs: number;
}

/** For people: where the server was looked for. */
export function addressOf({ host, port }: Pick<RedisConnection, 'host' | 'port'>): string {
  return host.startsWith('/') ? host : `${host}:${port}`;
}
