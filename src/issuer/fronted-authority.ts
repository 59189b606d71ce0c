import type { Certificate } from '../x509/index.js';
import type { Authority, MaintenanceShare, Notice } from './authority.js';
import type { Issuer } from './issuer.js';
import type { RaEnrollment } from './ra-keeper.js';
import type { LocalAuthority } from './local/local-authority.types.js';

interface FrontedAuthorityOptions {
  /** The foreign CA. */
  readonly issuer: Issuer;
  /**
   * Keeps the RA keys: imported ones, or ones it certifies itself. Its own CA issues to nobody else and
   * is shown to nobody.
   */
  readonly ra: LocalAuthority;
  /** CAs of the issuer before the present one, whose certificates still count for renewal. */
  readonly replacedCas?: () => readonly Certificate[];
  /** What else there is to look after, and what an administrator should know of it. Never rejects. */
  readonly maintain?: (share?: MaintenanceShare) => Promise<readonly Notice[]>;
  readonly reload?: () => Promise<boolean>;
  /** Asks the CA for RA certificates. */
  readonly enrollRa?: () => Promise<RaEnrollment>;
}

/** A CA that is not ours behind RA keys that are: devices speak to the gateway, the gateway to the CA. */
export function frontedAuthority(options: FrontedAuthorityOptions): Authority {
  const { issuer, ra, replacedCas = () => [], reload = () => Promise.resolve(false) } = options;
  return {
    kind: 'foreign',
    issuer,
    // The key of a foreign CA is not here, so there is the RA and nothing else.
    registrationAuthority: () => ra.registrationAuthority('ra'),
    get knownCas() {
      return [...issuer.chain.slice(0, 1), ...replacedCas()];
    },
    get thumbprintCertificate() {
      return issuer.chain[0];
    },
    raKeeper: ra.raKeeper,
    ...(options.enrollRa && { enrollRa: options.enrollRa }),
    rollover: () => undefined,
    crlFor: async (name) =>
      issuer.chain[0]?.subject.matches(name) ? issuer.currentCrl() : undefined,
    published: () => Promise.resolve(undefined),
    maintain: async (share) => [
      ...(await ra.maintain(share)).filter(({ code }) => code.startsWith('ra.')),
      ...((await options.maintain?.(share)) ?? []),
    ],
    reload: async () => {
      const [own, others] = await Promise.all([ra.reload(), reload()]);
      return own || others;
    },
  };
}
