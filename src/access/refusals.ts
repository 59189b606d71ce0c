import { errorCodes, type ErrorCode } from '../errors/index.js';
import type { RateLimits } from './rate-limit.js';

/**
 * Counts a PKIOperation that was refused where its kind has a limit: guesses at challenges, and messages that
 * only somebody who tries them in numbers sends many of. All faults that share one answer count alike. What is
 * no message at all is counted at the door, which answers it by HTTP.
 */
export function countRefusal(
  { refusedChallenges, brokenMessages }: Pick<RateLimits, 'refusedChallenges' | 'brokenMessages'>,
  code: ErrorCode | undefined,
  caller: string,
): void {
  if (code === undefined) return;
  if (code === 'challenge.refused') void refusedChallenges.take(caller);
  else if (errorCodes[code] === 'crypto') void brokenMessages.take(caller);
}
