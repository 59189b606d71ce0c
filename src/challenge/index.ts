/** Issue, bind, redeem and expire challenges. */
export type {
  ChallengeOrder,
  Challenges,
  ChallengeUse,
  ChallengeVerdict,
  IssueOutcome,
  StaticChallenge,
} from './challenge-service.types.js';
