/** Challenges in the memory of one process. */
export { createMemoryChallengeStore } from './challenge-store.js';
