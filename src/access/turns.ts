import { GatewayError } from '../errors/index.js';

/** Work on one subject, one after the other; on different subjects at once. */
export interface Turns {
  /** @throws GatewayError `http.overload` when too many wait for the same subject */
  take<T>(subject: string, work: () => Promise<T>): Promise<T>;
}

export function createTurns(mostWaiting: number): Turns {
  const lines = new Map<string, { last: Promise<unknown>; length: number }>();
  return {
    async take(subject, work) {
      const line = lines.get(subject) ?? { last: Promise.resolve(), length: 0 };
      if (line.length > mostWaiting) {
        throw new GatewayError('http.overload', 'Too many sign-ins at once.', {
          mend: 'Try again in a few seconds.',
        });
      }
      lines.set(subject, line);
      line.length += 1;
      const turn = line.last.then(work);
      line.last = turn.catch(() => undefined);
      try {
        return await turn;
      } finally {
        line.length -= 1;
        if (line.length === 0) lines.delete(subject);
      }
    },
  };
}
