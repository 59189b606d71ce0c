/** Profiles whose messages an upstream server answers. */
import { randomBytes } from 'node:crypto';
import type { GatewayConfig, ProfileConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import type { HttpProfile } from '../http/index.js';
import type { Pkcs7Codec } from '../pkcs7/index.js';
import {
  createScepRelay,
  type RelayEvent,
  type RelayPrecheck,
  type ScepServer,
} from '../scep/index.js';
import type { AuditRecord } from '../store/index.js';
import { logAudit, type Log } from '../telemetry/index.js';
import { challengePrecheck } from '../upstream/index.js';
import type { Certificate } from '../x509/index.js';
import type { DataDirectory } from './data-directory.js';
import { httpChallenges } from './profiles.js';
import { upstreamOutage } from './upstream-outage.js';
import { upstreamWarnings } from './upstream-warnings.js';
import type { Upstream, Upstreams } from './upstreams.js';

export interface RelayedProfile {
  readonly name: string;
  readonly profile: ProfileConfig;
  readonly upstream: Upstream;
}

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

interface RelayDependencies {
  readonly profiles: readonly RelayedProfile[];
  readonly codec: Pkcs7Codec;
  readonly data: Pick<DataDirectory, 'challenges' | 'enrollments'>;
  readonly clock: () => Date;
  readonly log: Log;
  readonly onRefusedChallenge: (address: string) => void;
}

/** The server of our own profiles, and of those whose messages are passed on. */
export function withRelays(own: ScepServer, dependencies: RelayDependencies): ScepServer {
  const { profiles } = dependencies;
  if (profiles.length === 0) return own;
  const relay = openRelay(dependencies);
  const isRelayed: ReadonlySet<string> = new Set(profiles.map(({ name }) => name));
  return {
    handle: (request) => (isRelayed.has(request.profile) ? relay : own).handle(request),
  };
}

function openRelay(dependencies: RelayDependencies): ScepServer {
  const { profiles, codec, data, clock, log, onRefusedChallenge } = dependencies;
  return createScepRelay({
    profiles: profiles.map(({ name, profile, upstream }) => ({
      name,
      upstream: upstream.server,
      precheck: precheckOf(profile, upstream, data, clock),
      outageOf: upstreamOutage,
    })),
    codec,
    randomBytes,
    stopwatch: () => performance.now(),
    onEvent: async (event) => {
      log.info('pki operation relayed', logFields(event));
      if (event.code === 'challenge.refused') onRefusedChallenge(event.client.address);
      const record = auditRecord(event, clock());
      if (!record) return;
      await data.enrollments.appendAudit(record);
      logAudit(log, record);
    },
  });
}

function precheckOf(
  profile: ProfileConfig,
  { ra, server }: Upstream,
  { challenges }: Pick<DataDirectory, 'challenges'>,
  clock: () => Date,
): RelayPrecheck | undefined {
  if (!ra) return undefined;
  return {
    floor: profile.algorithms,
    includeSigner: profile.includeSigner,
    failureContent: profile.failureContent,
    microsoftAttributes: profile.microsoftAttributes,
    registrationAuthority: () => ra.registrationAuthority('ra'),
    check: challengePrecheck({
      challenges,
      cas: () => [...(server.known?.chain ?? []), ...(server.known?.record.replaced ?? [])],
      clock,
    }),
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

function logFields({ client, signer, ...facts }: RelayEvent) {
  const { correlationId, address: clientAddress } = client;
  return { ...facts, signer: signer?.subject, correlationId, clientAddress };
}

/** One record for each message with a transactionID; garbage has the access log alone. */
function auditRecord(event: RelayEvent, at: Date): AuditRecord | undefined {
  if (event.transactionId === undefined) return undefined;
  const { signer, code, failInfo } = event;
  return {
    at,
    event: `relay.${event.outcome}`,
    correlationId: event.client.correlationId,
    profile: event.profile,
    transactionId: event.transactionId,
    challengeId: event.challengeId,
    subject: signer?.subject,
    keyId: signer?.keyId,
    clientAddress: event.client.address,
    actor: undefined,
    outcome: auditOutcomes[event.outcome],
    code: code ?? failInfo,
    reason: [event.messageType, event.reason, `${event.milliseconds} ms`]
      .filter(Boolean)
      .join('; '),
  };
}

const auditOutcomes = {
  success: 'ok',
  pending: 'pending',
  failure: 'refused',
  refused: 'refused',
  unavailable: 'error',
} as const satisfies Record<RelayEvent['outcome'], AuditRecord['outcome']>;
