/** What a field may hold; errors and octets are summarised, never dumped. */
export type LogValue =
  string | number | bigint | boolean | Date | Error | Uint8Array | null | undefined;

/** Structured log lines; fields never hold a challenge, a password or a key. */
export type LogFields = Readonly<Record<string, LogValue>>;

export interface Log {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
}
