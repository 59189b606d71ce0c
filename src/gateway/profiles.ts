/** Configuration → what each room wants to know of a profile. */
import type { GatewayConfig, ProfileConfig, ResolvedConfig } from '../config/index.js';
import type { ChallengeSource, SinglePassword, StaticChallenge } from '../challenge/index.js';
import type { EnrollmentProfile } from '../enrollment/index.js';
import { GatewayError } from '../errors/index.js';
import type { HttpProfile } from '../http/index.js';
import { withTemplate, type Authority, type Issuer } from '../issuer/index.js';
import type { ScepProfile } from '../scep/index.js';
import type { ChallengeBinding } from '../store/index.js';
import type { Certificate } from '../x509/index.js';
import { addsAttestedSan } from './attested-san.js';
import type { Issuers } from './authorities.js';

export type Authorities = ReadonlyMap<string, Authority>;

interface NamedProfile {
  readonly name: string;
  readonly profile: ProfileConfig;
  readonly authority: Authority;
  /** Other ways to the same CA. */
  readonly standbys: readonly Authority[];
  /** Each way tells the CA names that were attested and that the request lacks. */
  readonly attestedSan: boolean;
  /** Who makes its challenges, where it is not the gateway. */
  readonly challengeSource: ChallengeSource | undefined;
}

/** Without those that are relayed: nothing is decided about them here. */
export async function namedProfiles(
  config: GatewayConfig,
  { authorities, upstreams }: Issuers,
): Promise<NamedProfile[]> {
  const named: NamedProfile[] = [];
  for (const [name, profile] of Object.entries(config.profiles)) {
    const upstream = upstreams.get(profile.issuer);
    if (upstream?.config.mode === 'relay') continue;
    const authorityOf = (issuer: string) => {
      const authority = authorities.get(issuer);
      if (authority) return authority;
      throw new GatewayError('internal', 'A profile has no issuer.', { detail: name });
    };
    const authority = authorityOf(profile.issuer);
    const standbys = profile.standby.map(authorityOf);
    for (const standby of standbys) requireSameCa(name, authority.issuer, standby.issuer);
    const { challengeSource } = upstream ?? {};
    const attestedSan = await addsAttestedSan(profile, config.issuers);
    named.push({ name, profile, authority, standbys, attestedSan, challengeSource });
  }
  return named;
}

/** As far as their certificates are known at the start; a CA that is found later is looked at then. */
function requireSameCa(profile: string, issuer: Issuer, standby: Issuer): void {
  const [ours, theirs] = [issuer.chain[0], standby.chain[0]];
  if (!ours || !theirs || ours.subject.matches(theirs.subject)) return;
  throw new GatewayError(
    'config.invalid',
    `profiles.${profile}.standby names ${standby.name}, which issues as ${theirs.subject.text}; issuer ${issuer.name} issues as ${ours.subject.text}.`,
    {
      mend: 'Name only issuers that reach the same CA, or make a profile of its own for the other.',
    },
  );
}

export function enrollmentProfile({
  name,
  profile,
  authority,
  standbys,
  attestedSan,
}: NamedProfile): EnrollmentProfile {
  const { challenges, policy, renewal, approval, maxPending, outage } = profile;
  return {
    name,
    issuer: templated(authority.issuer, profile),
    standbys: standbys.map(({ issuer }) => templated(issuer, profile)),
    outage,
    policy: { ...policy, attestedSan },
    renewal,
    approval,
    dynamicChallenges: challenges.dynamic || challenges.single,
    staticChallenges: challenges.static.length > 0,
    externalChallenges: challenges.webhook !== undefined,
    openToAnyone: challenges.none === 'anyone-may-enroll',
    maxPending,
    replayMillis: profile.replayHours * 3_600_000,
    crlOf: (issuer) => authority.crlFor(issuer),
  };
}

function templated(issuer: Issuer, { template }: ProfileConfig): Issuer {
  return template === undefined ? issuer : withTemplate(issuer, template);
}

export function scepProfile({ name, profile, authority }: NamedProfile): ScepProfile {
  const kind = profile.caCertShape === 'ca-only' ? 'ca' : 'ra';
  return {
    name,
    floor: profile.algorithms,
    registrationAuthority: () => authority.registrationAuthority(kind),
    chain: () => knownChain(name, authority),
    rollover: () => authority.rollover(),
    renewal: profile.renewal.allow,
    caCertShape: profile.caCertShape,
    caCertRoot: profile.caCertRoot,
    replyCertificates: profile.replyCertificates,
    includeSigner: profile.includeSigner,
    failureContent: profile.failureContent,
    microsoftAttributes: profile.microsoftAttributes,
  };
}

export function httpProfile(named: NamedProfile): HttpProfile {
  const { name, profile, authority, challengeSource } = named;
  return {
    ...httpChallenges(name, profile, challengeSource),
    caCertificate: () => {
      const [issuing] = knownChain(name, authority);
      return authority.thumbprintCertificate ?? issuing;
    },
  };
}

/** What the doors for challenges want to know, whoever answers the SCEP of the profile. */
export function httpChallenges(
  name: string,
  { challenges, paths }: ProfileConfig,
  challengeSource: ChallengeSource | undefined,
): Omit<HttpProfile, 'caCertificate'> {
  return {
    name,
    paths,
    challenges: {
      dynamic: challenges.dynamic,
      single: challenges.single,
      none: challenges.none === 'anyone-may-enroll',
      length: challenges.length,
      validityMinutes: challenges.validityMinutes,
      max: challenges.max,
    },
    jamfWebhook: challenges.jamfWebhook && {
      path: challenges.jamfWebhook.path ?? `/jamf/${name}`,
      device: challenges.jamfWebhook.device,
      subject: challenges.jamfWebhook.subject,
    },
    challengeSource,
  };
}

/** @throws GatewayError `issuer.unavailable` while a foreign CA has never been reached */
function knownChain(
  profile: string,
  { issuer: { chain } }: Authority,
): readonly [Certificate, ...Certificate[]] {
  const [issuing, ...above] = chain;
  if (issuing) return [issuing, ...above];
  throw new GatewayError('issuer.unavailable', 'The certificates of the CA are not known yet.', {
    detail: `profile ${profile}: the CA has not been reached since the first start`,
  });
}

/** Static challenges of all profiles, their secrets read. */
export async function staticChallenges({
  config,
  readSecret,
}: Pick<ResolvedConfig, 'config' | 'readSecret'>): Promise<StaticChallenge[]> {
  const all = Object.entries(config.profiles).flatMap(([profile, { challenges }]) =>
    challenges.static.map(async ({ name, secret, expires, maxUses, binding }) => ({
      name,
      profile,
      secret: await readSecret(secret),
      expiresAt: expires === undefined ? undefined : new Date(expires),
      maxUses,
      binding: present(binding ?? {}),
    })),
  );
  return Promise.all(all);
}

/** Profiles whose admin page shows one lasting password (NDES UseSinglePassword). */
export function singlePasswords(config: GatewayConfig): SinglePassword[] {
  return Object.entries(config.profiles)
    .filter(([, { challenges }]) => challenges.single)
    .map(([profile, { challenges }]) => ({ profile, length: challenges.length }));
}

/** Without the keys that are there but undefined. */
function present(binding: {
  [K in keyof ChallengeBinding]?: ChallengeBinding[K] | undefined;
}): ChallengeBinding {
  return Object.fromEntries(Object.entries(binding).filter(([, value]) => value !== undefined));
}

/** Where a request goes that names no profile: `default` if there is one, else the first. */
export function defaultProfile(config: GatewayConfig): string | undefined {
  return 'default' in config.profiles ? 'default' : Object.keys(config.profiles)[0];
}
