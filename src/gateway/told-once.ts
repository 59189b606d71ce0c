import { messageOf } from '../errors/index.js';
import type { Log } from '../telemetry/index.js';

export interface ToldOnce {
  /** Told when it is another fault than the last time. */
  readonly failed: (error: unknown) => void;
  readonly worked: () => void;
}

/** What is tried every few seconds fails every few seconds while a database is gone: one line, and one at the end. */
export function toldOnce(log: Log, what: string): ToldOnce {
  let last: string | undefined;
  let failures = 0;
  return {
    failed(error) {
      const text = messageOf(error);
      failures++;
      if (text === last) return;
      last = text;
      log.error(`${what} failed`, { error: text });
    },
    worked() {
      if (failures > 0) log.info(`${what} works again`, { failures });
      last = undefined;
      failures = 0;
    },
  };
}
