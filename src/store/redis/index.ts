/** Challenges on a Redis-compatible server. */
export { openRedisChallenges, viewRedis } from './open.js';
