/** The composition root of what serves: an installation in, a running gateway out. */
import { randomBytes } from 'node:crypto';
import {
  countRefusal,
  createListenerCertificates,
  createSignInBrake,
  socketPeerAddress,
} from '../access/index.js';
import { createEnrollment } from '../enrollment/index.js';
import {
  createHttpApp,
  createListener,
  createOperationGate,
  type HttpAuditRecord,
  type Listener,
} from '../http/index.js';
import type { Thumbprints } from '../x509/index.js';
import { createScepServer } from '../scep/index.js';
import { createMetrics, logAudit, type Telemetry } from '../telemetry/index.js';
import { openAccess } from './access.js';
import { createAuthenticators } from './authenticators.js';
import { backlogReporter, backlogSettings, startBacklogWork } from './backlog.js';
import { callerCertificates } from './caller-certificates.js';
import { tellConcerns } from './challenge-server.js';
import { openChallengeValidators } from './challenge-validators.js';
import { configuredCodec } from './codec.js';
import { decisionsOf } from './decisions.js';
import { Drain } from './drain.js';
import type { Installation } from './installation.js';
import { openLeadership } from './leadership.js';
import { measuredBrake, measuredCodec, measuredIssuer, measuredLimits } from './measured.js';
import { metricSources } from './metric-sources.js';
import {
  defaultProfile,
  enrollmentProfile,
  httpProfile,
  namedProfiles,
  scepProfile,
  singlePasswords,
  staticChallenges,
} from './profiles.js';
import { publicationsOf } from './publications.js';
import { createReadiness } from './readiness.js';
import { lookAfterRelays, relayedHttpProfile, relayedProfiles, withRelays } from './relays.js';
import { toldOnce } from './told-once.js';
import { startTurnedAway } from './turned-away.js';
import { createSharedCounts } from './shared-counts.js';
import { openTls } from './tls-identity.js';
import { openTrustLists } from './trust-lists.js';
import { recordsSince } from './records-since.js';
import { createReservationSweep } from './reservations.js';
import { retentionDays, startRetention } from './retention.js';
import { logNotice, maintainAuthorities, shareOf, startUpkeep } from './upkeep.js';

export interface RunningGateway {
  readonly listeners: readonly Listener[];
  /** Of the issuing CA of each profile, by profile name; none for a CA that was never reached. */
  readonly thumbprints: ReadonlyMap<string, Thumbprints>;
  /** Lets requests in flight finish, at most this long. A second call awaits the first. */
  stop(graceMillis: number): Promise<void>;
}

/** Starts everything that serves. The installation stays open until its own `close`. */
export async function startGateway(
  { resolved, data, tokens, authorities, upstreams, notices }: Installation,
  telemetry: Telemetry,
  clock: () => Date = () => new Date(),
): Promise<RunningGateway> {
  const { config } = resolved;
  const { log } = telemetry;
  const profiles = await namedProfiles(config, { authorities, upstreams });
  const relayed = relayedProfiles(config, upstreams);
  await data.challengeServer?.reach();
  await data.challenges.syncStatic(await staticChallenges(resolved), singlePasswords(config));
  await tellConcerns(data.challengeServer, log);
  data.listen?.(toldOnce(log, 'the checkpoint of the database'));
  notices.listen((issuer, notice) => logNotice(log, issuer, notice));
  const leadership = await openLeadership(data.shared, log);
  await maintainAuthorities(authorities, log, shareOf(leadership));
  lookAfterRelays(relayed, (issuer, notice) => notices.post(issuer, notice));

  const counts = createSharedCounts(data.shared?.tallies, log);
  const access = await openAccess(config, {
    clock,
    share: counts.book,
    report: ({ level, message, fields }) => log[level](message, fields),
  });
  const trust = await openTrustLists({
    lists: config.access.trustLists,
    ownCa: (issuer) => authorities.get(issuer),
    clock,
    log,
  });
  const certificates = callerCertificates(config, { trust, listeners: access.listeners, clock });
  const metrics = createMetrics(
    metricSources({
      data,
      backlog: () => enrollment.backlog.status(),
      leads: () => leadership.leads(),
      authorities,
      lists: access.lists,
      queues: () => [
        { queue: 'operations', length: operations.inWork },
        { queue: 'line', length: operations.inLine },
        { queue: 'keys', length: data.keys.uses.waiting },
        { queue: 'tokens', length: tokens.waiting },
      ],
      clock,
    }),
  );
  const turnedAway = startTurnedAway(log);
  const limited = (limit: string, caller: string) => {
    metrics.limited(limit);
    turnedAway.count(limit, caller);
  };
  const { concurrentOperations: places, lineMillis } = config.limits;
  const listeners: Listener[] = [];
  const operations = createOperationGate({
    connected: () => listeners.reduce((sum, listener) => sum + listener.accepted(), 0),
    places,
    lineMillis,
    keys: data.keys.uses,
    refused: (caller) => limited('concurrentOperations', caller),
  });
  const rateLimits = measuredLimits(access.rateLimits, limited);
  const enrollment = createEnrollment({
    profiles: profiles.map((profile) => {
      const { issuer, ...rest } = enrollmentProfile(profile);
      return { ...rest, issuer: measuredIssuer(issuer, metrics) };
    }),
    store: data.enrollments,
    challenges: await openChallengeValidators(resolved, data, clock),
    clock,
    secret: data.requestSecret,
    backlog: backlogSettings(config),
    report: backlogReporter(log, data.settings),
  });
  const codec = measuredCodec(await configuredCodec(config), metrics);
  const own = createScepServer({
    profiles: profiles.map(scepProfile),
    codec,
    enrollment,
    randomBytes,
    onEvent: (event) => {
      log.info('pki operation', { ...event });
      metrics.pkiOperation(event);
      countRefusal(access.rateLimits, event.code, event.clientAddress);
    },
  });
  const scep = await withRelays(own, {
    profiles: relayed,
    codec,
    data,
    clock,
    log,
    onRefused: (code, address) => countRefusal(access.rateLimits, code, address),
  });
  const drain = new Drain();
  const app = createHttpApp({
    scep,
    challenges: data.challenges,
    profiles: [...profiles.map(httpProfile), ...relayed.map(relayedHttpProfile)],
    defaultProfile: defaultProfile(config),
    limits: config.limits,
    operations,
    clientAddress: socketPeerAddress,
    allowLists: access.allowLists,
    certificateGate: certificates.gate,
    rateLimits,
    signInBrake: measuredBrake(
      createSignInBrake(config.access.rateLimits.failedSignIns, {
        clock,
        share: counts.book?.('failed-sign-ins'),
      }),
      { limited, signedIn: (outcome) => metrics.signedIn(outcome) },
    ),
    metrics,
    turnedAway: limited,
    readiness: drain.readiness(
      createReadiness({
        settings: data.settings,
        challengeServer: data.challengeServer,
        authorities,
        tokens: tokens.byName,
        leadership,
        clock,
      }),
    ),
    authenticators: await createAuthenticators(resolved, data, {
      certificates: certificates.bindings,
      clock,
      log,
      share: counts.book,
    }),
    decisions: decisionsOf(data, { clock, log }),
    publications: publicationsOf(authorities),
    publicUrl: config.publicUrl?.replace(/\/+$/, ''),
    log,
    audit: async (record: HttpAuditRecord) => {
      await data.enrollments.appendAudit(record);
      logAudit(log, record);
    },
    newCorrelationId: () => telemetry.newCorrelationId(),
    clock,
  });
  const files: { refresh(): Promise<void> }[] = [access.lists, trust];
  counts.start();
  const upkeep = startUpkeep({
    authorities,
    tallies: data.shared?.tallies,
    challenges: data.challenges,
    leadership,
    files,
    relays: () => lookAfterRelays(relayed, (issuer, notice) => notices.post(issuer, notice)),
    reservations: createReservationSweep({
      challenges: data.challengeState.store,
      enrollments: data.enrollments,
      transactionDays: retentionDays(config).transactions,
      recordsSince: await recordsSince(data.settings, (await data.shared?.place()) ?? '', clock()),
      clock,
      log,
    }),
    log,
  });
  const retention = startRetention({ config, data, leadership, clock, log });
  const backlogWork = await startBacklogWork(enrollment, Object.keys(config.issuers), {
    settings: data.settings,
    leadership,
    log,
  });
  try {
    for (const [index, listenerAccess] of access.listeners.entries()) {
      const { address, clientAddress, proxyProtocol, channel } = listenerAccess;
      const { messageBytes, connections } = config.limits;
      const shown = certificates.listeners[index];
      const settings = config.listeners[index]?.tls;
      let renew: Listener['renewIdentity'] = () => undefined;
      const secure =
        settings &&
        (await openTls(address, settings, {
          readSecret: resolved.readSecret,
          clock,
          log,
          renew: (identity) => renew(identity),
        }));
      const listener = await createListener(app, address, {
        messageBytes,
        connections: { most: connections, refused: (address) => limited('connections', address) },
        log,
        clientAddress,
        proxyProtocol,
        channel,
        certificates: shown && createListenerCertificates(shown),
        tls: secure?.tls,
      });
      renew = (identity) => listener.renewIdentity(identity);
      if (secure) files.push(secure);
      listeners.push(listener);
      log.info('listening', { url: listener.url });
    }
  } catch (error) {
    await Promise.all(listeners.map((listener) => listener.close(0)));
    await Promise.all([upkeep.stop(), retention.stop(), backlogWork.stop(0), counts.stop()]);
    await leadership.stop();
    turnedAway.stop();
    metrics.stop();
    throw error;
  }
  const stop = async (graceMillis: number) => {
    await drain.run(listeners, config.shutdown.drainSeconds * 1000);
    await Promise.all([
      ...listeners.map((listener) => listener.close(graceMillis)),
      backlogWork.stop(graceMillis),
    ]);
    await Promise.all([upkeep.stop(), retention.stop(), counts.stop()]);
    await leadership.stop();
    turnedAway.stop();
    metrics.stop();
  };
  let stopped: Promise<void> | undefined;
  return {
    listeners,
    thumbprints: new Map(
      profiles.flatMap(({ name, authority: { thumbprintCertificate: ca } }) =>
        ca ? [[name, ca.thumbprints] as const] : [],
      ),
    ),
    stop: (graceMillis) => (stopped ??= stop(graceMillis)),
  };
}
