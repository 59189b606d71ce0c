/** Configuration → the NDES and SCEP servers behind the gateway. None of them is asked for anything yet. */
import type { ChallengeSource } from '../challenge/index.js';
import type { NdesIssuerConfig, ResolvedConfig } from '../config/index.js';
import type { LocalAuthority, Notice } from '../issuer/index.js';
import {
  adminPageOf,
  adminPageSource,
  createCircuitBreaker,
  UpstreamHttp,
  UpstreamServer,
} from '../upstream/index.js';
import { createWebClient } from '../web-client/index.js';
import { caNeeds, type AuthorityDependencies, type CaNeeds } from './authority-dependencies.js';
import { openRaKeys } from './ra-keys.js';
import { webCredentials, webTls } from './web-credentials.js';

export interface Upstream {
  readonly config: NdesIssuerConfig;
  readonly server: UpstreamServer;
  /** To the SCEP URL. */
  readonly http: UpstreamHttp;
  readonly challengeSource: ChallengeSource | undefined;
  /** Towards devices; for a relay those of upstream, where they were imported. */
  readonly ra: LocalAuthority | undefined;
  close(): void;
}

export type Upstreams = ReadonlyMap<string, Upstream>;

export async function openUpstreams(dependencies: AuthorityDependencies): Promise<Upstreams> {
  const upstreams = new Map<string, Upstream>();
  for (const [name, issuer] of Object.entries(dependencies.resolved.config.issuers)) {
    if (issuer.kind === 'ndes') upstreams.set(name, await openUpstream(name, issuer, dependencies));
  }
  return upstreams;
}

async function openUpstream(
  name: string,
  config: NdesIssuerConfig,
  dependencies: AuthorityDependencies,
): Promise<Upstream> {
  const { resolved } = dependencies;
  const { server, http } = await openUpstreamServer(name, config, caNeeds(name, dependencies));
  await server.load();
  const page = await openAdminPage(name, config, resolved.readSecret);
  const ra =
    config.mode === 're-enroll' || config.importRa
      ? await openRaKeys(name, config, dependencies)
      : undefined;
  return {
    config,
    server,
    http,
    challengeSource: page?.source,
    ra,
    close: () => {
      http.close();
      page?.http.close();
    },
  };
}

/** The SCEP side alone. It is asked for nothing yet. */
export async function openUpstreamServer(
  name: string,
  config: NdesIssuerConfig,
  { readSecret, state, report, clock }: CaNeeds,
): Promise<Pick<Upstream, 'server' | 'http'>> {
  const url = new URL(config.url);
  const http = await openHttp(name, config, url, {}, readSecret, config.connections);
  const server = new UpstreamServer({
    name,
    url,
    http,
    caIdentifier: config.caIdentifier,
    fingerprint: config.fingerprint,
    refreshMillis: config.refreshMinutes * 60_000,
    state,
    clock,
    report: ({ kind, text }) => report({ ...noticeKinds[kind], text }),
  });
  return { server, http };
}

const noticeKinds = {
  unusable: { severity: 'error', code: 'upstream.failed' },
  unreachable: { severity: 'warning', code: 'upstream.failed' },
  'ca-changed': { severity: 'warning', code: 'upstream.ca-changed' },
} as const satisfies Record<string, Omit<Notice, 'text'>>;

/** Fetching a password changes something upstream: few at a time. */
const pageConnections = 4;

/** Where the challenges of an issuer come from, when it is not the gateway, for a command. */
export async function openChallengeSource(
  { config, readSecret }: Pick<ResolvedConfig, 'config' | 'readSecret'>,
  name: string,
): ReturnType<typeof openAdminPage> {
  const issuer = Object.hasOwn(config.issuers, name) ? config.issuers[name] : undefined;
  return issuer?.kind === 'ndes' ? openAdminPage(name, issuer, readSecret) : undefined;
}

/** The admin page of an issuer, where one is configured. */
async function openAdminPage(
  name: string,
  config: NdesIssuerConfig,
  readSecret: ResolvedConfig['readSecret'],
): Promise<{ readonly source: ChallengeSource; readonly http: UpstreamHttp } | undefined> {
  const { adminPage, mode, importRa } = config;
  if (!adminPage) return undefined;
  const scepUrl = new URL(config.url);
  const url =
    adminPage.url === undefined ? (adminPageOf(scepUrl) ?? scepUrl) : new URL(adminPage.url);
  const { authentication } = adminPage;
  const http = await openHttp(name, config, url, authentication, readSecret, pageConnections);
  const checksBindings = mode === 're-enroll' || importRa !== undefined;
  return { source: adminPageSource({ url, http, name, checksBindings }), http };
}

type SignIn = NonNullable<NdesIssuerConfig['adminPage']>['authentication'];

async function openHttp(
  name: string,
  { tls, timeoutSeconds, answerBytes }: NdesIssuerConfig,
  { origin }: URL,
  authentication: SignIn,
  readSecret: ResolvedConfig['readSecret'],
  connections: number,
): Promise<UpstreamHttp> {
  const answerMillis = timeoutSeconds * 1000;
  const totalMillis = answerMillis + 15_000;
  return new UpstreamHttp({
    web: createWebClient({
      origin,
      credentials: await webCredentials(authentication, readSecret),
      tls: await webTls({ tls, authentication }, readSecret),
      connections,
      limits: {
        connectMillis: Math.min(10_000, answerMillis),
        answerMillis,
        totalMillis,
        answerBytes,
      },
    }),
    breaker: createCircuitBreaker({
      failures: 5,
      pauseMillis: 2000,
      mostMillis: 60_000,
      trialMillis: totalMillis,
      stopwatch: () => performance.now(),
    }),
    concurrent: connections,
    name: `issuer ${name}`,
  });
}
