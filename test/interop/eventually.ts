import { setTimeout as sleep } from 'node:timers/promises';

/** Asks until there is an answer, for at most 20 seconds. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`still waiting: ${what}`);
    await sleep(50);
  }
}
