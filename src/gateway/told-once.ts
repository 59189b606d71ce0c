import { isGatewayError, messageOf } from '../errors/index.js';
import type { Log, LogFields } from '../telemetry/index.js';

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
      const { detail, ...fault } = told(error);
      failures++;
      // A detail may differ each time.
      const text = JSON.stringify(fault);
      if (text === last) return;
      last = text;
      log.error(`${what} failed`, { ...fault, detail });
    },
    worked() {
      if (failures > 0) log.info(`${what} works again`, { failures });
      last = undefined;
      failures = 0;
    },
  };
}

/** What helps to mend it: of a server that refuses, the message alone tells only that it cannot be used. */
function told(error: unknown): LogFields {
  if (!isGatewayError(error)) return { error: messageOf(error) };
  const { code, message, detail, mend } = error;
  return { code, error: message, detail, mend };
}
