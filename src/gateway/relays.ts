/** Profiles whose messages an upstream server answers. */
import type { GatewayConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import type { HttpProfile } from '../http/index.js';
import type { ScepServer } from '../scep/index.js';
import type { Certificate } from '../x509/index.js';
import { httpChallenges } from './profiles.js';
import type { RelayDependencies, RelayedProfile } from './relay.js';
import { upstreamWarnings } from './upstream-warnings.js';
import type { Upstream, Upstreams } from './upstreams.js';

export function relayedProfiles(
  { profiles }: Pick<GatewayConfig, 'profiles'>,
  upstreams: Upstreams,
): RelayedProfile[] {
  return Object.entries(profiles).flatMap(([name, profile]) => {
    const upstream = upstreams.get(profile.issuer);
    return upstream?.config.mode === 'relay' ? [{ name, profile, upstream }] : [];
  });
}

export function relayedHttpProfile({ name, profile, upstream }: RelayedProfile): HttpProfile {
  return {
    ...httpChallenges(name, profile, upstream.challengeSource),
    caCertificate: () => knownCa(name, upstream),
  };
}

/** @throws GatewayError `issuer.unavailable` while the server has never been reached */
function knownCa(profile: string, { server }: Upstream): Certificate {
  const [issuing] = server.known?.chain ?? [];
  if (issuing) return issuing;
  throw new GatewayError('issuer.unavailable', 'The certificates of the CA are not known yet.', {
    detail: `profile ${profile}: the server has not been reached since the first start`,
  });
}

/** The server of our own profiles, and of those whose messages are passed on. */
export async function withRelays(
  own: ScepServer,
  dependencies: RelayDependencies,
): Promise<ScepServer> {
  const { profiles } = dependencies;
  if (profiles.length === 0) return own;
  const { openRelay } = await import('./relay.js');
  const relay = openRelay(dependencies);
  const isRelayed: ReadonlySet<string> = new Set(profiles.map(({ name }) => name));
  return {
    handle: (request) => (isRelayed.has(request.profile) ? relay : own).handle(request),
  };
}

/** Asks the servers for what they are, without waiting for them, and tells what will go wrong soon. */
export function lookAfterRelays(
  profiles: readonly RelayedProfile[],
  report: (issuer: string, notice: ReturnType<typeof upstreamWarnings>[number]) => void,
): void {
  const byIssuer = new Map(profiles.map(({ profile, upstream }) => [profile.issuer, upstream]));
  for (const [issuer, { server }] of byIssuer) {
    void server.refresh();
    for (const notice of upstreamWarnings(server)) report(issuer, notice);
  }
}
