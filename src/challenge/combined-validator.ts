import type {
  ChallengeUse,
  ChallengeValidator,
  ChallengeVerdict,
} from './challenge-service.types.js';

/** Our own challenges first; what they do not know is for the external validator of the profile, if it has one. */
export function combineValidators(
  own: ChallengeValidator,
  external: ReadonlyMap<string, Pick<ChallengeValidator, 'check' | 'reserve'>>,
): ChallengeValidator {
  const judge =
    (ask: 'check' | 'reserve') =>
    async (password: string, use: ChallengeUse): Promise<ChallengeVerdict> => {
      const verdict = await own[ask](password, use);
      const other = external.get(use.profile);
      const isUnknown = verdict.kind === 'refused' && verdict.reason === 'unknown';
      return isUnknown && other ? other[ask](password, use) : verdict;
    };
  return {
    check: judge('check'),
    reserve: judge('reserve'),
    // Both keep their holds in one store, by id.
    confirm: (id, transaction) => own.confirm(id, transaction),
    release: (id, transaction) => own.release(id, transaction),
  };
}
