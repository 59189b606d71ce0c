import type { IssuerConfig } from './issuer-schema.js';
import type { ProfileConfig } from './profile-schema.js';

/** The profile without what the server behind its issuer does not let it have. */
export function asUpstreamAllows(
  profile: ProfileConfig,
  issuer: IssuerConfig | undefined,
): ProfileConfig {
  if (issuer?.kind !== 'ndes') return profile;
  const { mode, challenge, adminPage } = issuer;
  const isOurs = mode === 're-enroll' && challenge === 'none';
  const { challenges, renewal } = profile;
  return {
    ...profile,
    // One-time challenges come from its page, or from nowhere.
    challenges: {
      ...challenges,
      dynamic: challenges.dynamic && (isOurs || adminPage !== undefined),
    },
    // A RenewalReq to it would need the key of the device.
    renewal: { ...renewal, allow: renewal.allow && isOurs },
  };
}
