/** Issue, bind, redeem and expire challenges. */
export { createChallenges } from './challenge-service.js';
export type {
  ChallengeOrder,
  Challenges,
  ChallengeUse,
  ChallengeVerdict,
  IssueOutcome,
  SinglePassword,
  StaticChallenge,
} from './challenge-service.types.js';
export type { ChallengeSource, UpstreamChallenge } from './challenge-source.js';
