/** Issue, bind, redeem and expire challenges. */
export { createChallenges } from './challenge-service.js';
export type {
  ChallengeOrder,
  Challenges,
  ChallengeUse,
  ChallengeValidator,
  ChallengeVerdict,
  IssueOutcome,
  SinglePassword,
  StaticChallenge,
} from './challenge-service.types.js';
export { combineValidators } from './combined-validator.js';
export { ExternalChallenges } from './external-challenges.js';
export { createWebhook } from './webhook/webhook.js';
export type { ChallengeSource, UpstreamChallenge } from './challenge-source.js';
export { isRelayReservation, relayReservation } from './relay-reservation.js';
