/** Messages of devices on their way to an upstream server, and what is recorded of them. */
import { randomBytes } from 'node:crypto';
import type { ProfileConfig } from '../config/index.js';
import type { ErrorCode } from '../errors/index.js';
import type { Pkcs7Codec } from '../pkcs7/index.js';
import type { RelayEvent, RelayPrecheck, ScepServer } from '../scep/index.js';
import { createScepRelay } from '../scep/relay/index.js';
import type { AuditRecord } from '../store/index.js';
import { logAudit, type Log } from '../telemetry/index.js';
import { challengePrecheck } from '../upstream/index.js';
import type { DataDirectory } from './data-directory.js';
import { upstreamOutage } from './upstream-outage.js';
import type { Upstream } from './upstreams.js';

export interface RelayedProfile {
  readonly name: string;
  readonly profile: ProfileConfig;
  readonly upstream: Upstream;
}

export interface RelayDependencies {
  readonly profiles: readonly RelayedProfile[];
  readonly codec: Pkcs7Codec;
  readonly data: Pick<DataDirectory, 'challenges' | 'enrollments'>;
  readonly clock: () => Date;
  readonly log: Log;
  readonly onRefused: (code: ErrorCode, address: string) => void;
}

/** Passes on the messages of these profiles. */
export function openRelay(dependencies: RelayDependencies): ScepServer {
  const { profiles, codec, data, clock, log, onRefused } = dependencies;
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
      if (event.code !== undefined) onRefused(event.code, event.client.address);
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
