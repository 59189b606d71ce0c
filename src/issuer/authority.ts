import type { Certificate, Name } from '../x509/index.js';
import type { Issuer } from './issuer.js';
import type { RaEnrollment, RaKeeper } from './ra-keeper.js';
import type { CaRollover, RegistrationAuthority } from './registration-authority.js';

/**
 * A CA with the RA in front of it, whatever kind of CA it is. All members see one state at a time;
 * another process that shares keys and store (the command line, a second server) may change that state,
 * `reload` notices.
 *
 * A foreign CA that has not been reached yet has an empty chain and no thumbprint certificate.
 */
export interface Authority {
  readonly kind: 'local' | 'foreign';
  readonly issuer: Issuer;
  /** `ca`: the CA's own key signs replies and opens requests (GetCACert publishes the CA alone). */
  registrationAuthority(kind: 'ra' | 'ca'): RegistrationAuthority;
  /** Issuing CAs whose certificates still count for renewal: the present one first, then those it replaced. */
  readonly knownCas: readonly Certificate[];
  /** The RA keys, and how they come by certificates of another CA. */
  readonly raKeeper: RaKeeper;
  /** Asks the CA for RA certificates; absent where it offers no way. */
  enrollRa?(): Promise<RaEnrollment>;
  /** The certificate whose thumbprint administrators compare: the issuing CA. */
  readonly thumbprintCertificate: Certificate | undefined;
  /** What GetNextCACert announces; undefined while nothing is prepared. */
  rollover(): CaRollover | undefined;
  /** DER CRL of the CA of this name, present, prepared or replaced; undefined for a foreign name. */
  crlFor(issuer: Name): Promise<Buffer | undefined>;
  /** What `crlPath` and `caCertificatePath` point to, for every CA of this authority. */
  published(path: string): Promise<PublishedFile | undefined>;
  /**
   * Takes up other processes' changes, renews RA certificates, drops old keys, makes CRLs on time, and
   * tells what an administrator should know, failures included; call it about once an hour. Never rejects.
   * @param share default: everything
   */
  maintain(share?: MaintenanceShare): Promise<readonly Notice[]>;
  /** Takes up a state another process wrote; true when there was one. Cheap: one read of a setting. */
  reload(): Promise<boolean>;
}

/** Of several processes with one state, one does everything, and each what only it can do for itself. */
export type MaintenanceShare = 'everything' | 'own';

/** A CRL or a CA certificate as it stands behind a URL of a CDP or AIA extension. */
export interface PublishedFile {
  readonly contentType: 'application/pkix-crl' | 'application/pkix-cert';
  readonly body: Buffer;
}

/** Something an administrator should know. `code` is stable. */
export interface Notice {
  readonly severity: 'info' | 'warning' | 'error';
  readonly code: NoticeCode;
  readonly text: string;
  /** Of the request that showed it. */
  readonly correlationId?: string | undefined;
}

type NoticeCode =
  | 'ra.renewed'
  | 'ra.key-dropped'
  | 'ra.key-missing'
  | 'ra.failed'
  | 'ra.expiring'
  | 'ra.expired'
  | 'ra.self-certified'
  | 'ca.expiring'
  | 'ca.expired'
  | 'ca.not-recipient'
  | 'crl.failed'
  | 'keys.place'
  | 'upstream.failed'
  | 'upstream.ca-changed'
  | 'upstream.expiring'
  | 'agent.renewed'
  | 'agent.expiring'
  | 'agent.unusable';
