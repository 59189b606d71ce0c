/** Requests that upstream has answered with a certificate a short while ago: their devices may have missed it. */
export interface AnsweredRequests {
  has(request: string): boolean;
  add(request: string): void;
}

/** Long enough for a device whose connection broke off to come again. */
const keptMillis = 3_600_000;

/** Beyond this many the oldest is forgotten. */
const most = 10_000;

export function createAnsweredRequests(clock: () => Date): AnsweredRequests {
  const answered = new Map<string, number>();
  return {
    has(request) {
      const at = answered.get(request);
      // Either way: a clock that was set back leaves times in the future.
      return at !== undefined && Math.abs(clock().getTime() - at) < keptMillis;
    },
    add(request) {
      answered.delete(request);
      answered.set(request, clock().getTime());
      const [oldest] = answered.keys();
      if (answered.size > most && oldest !== undefined) answered.delete(oldest);
    },
  };
}
