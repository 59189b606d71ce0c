/** The way to a Windows web server: name, port, TLS, clock, sign-in. */
import type { WebEnrollmentConfig } from '../config/index.js';
import { webCredentials, webTls } from '../gateway/index.js';
import { createWebClient, type WebTls } from '../web-client/index.js';
import {
  endpointOf,
  examineAnswer,
  examinePlainHttp,
  examineReach,
  examineTls,
  trustChecks,
} from './endpoint.js';
import { ok } from './finding.js';
import type { IssuerContext } from './issuer-context.js';
import { clockJudgeOf, configuredSchemes, examineSignIn } from './sign-in.js';

/** What of an issuer decides how its web server is reached. */
export type WebWayConfig = Pick<WebEnrollmentConfig, 'url' | 'tls' | 'authentication'>;

type WebEndpoint = Pick<WebWayConfig, 'url' | 'tls'> & {
  readonly authentication: Pick<WebWayConfig['authentication'], 'certificate'>;
  /** No `tls.none`: what is said there is protected otherwise, or it is said of another address already. */
  readonly mayBePlain?: boolean;
};

/**
 * `tls.settings`, then up to TLS.
 * @returns what it is spoken with; undefined where its files cannot be read
 */
export async function examineWebEndpoint(
  { examination, world, about, needs }: IssuerContext,
  { url: written, tls: settings, authentication, mayBePlain = false }: WebEndpoint,
): Promise<WebTls | undefined> {
  const url = new URL(written);
  let tls: WebTls | undefined;
  await examination.check({ id: 'tls.settings', about }, async () => {
    tls = await webTls({ tls: settings, authentication }, needs.readSecret);
    return ok('The files and secrets for the web server can be read.');
  });
  if (tls === undefined) return undefined;
  await examineReach(examination, world, about, endpointOf(url));
  if (url.protocol === 'https:') {
    await examineTls(examination, world, about, endpointOf(url), tls);
  } else if (!mayBePlain) await examinePlainHttp(examination, about, url);
  return tls;
}

/** @param page beside or under the URL, one that changes nothing */
export async function examineWebWay(
  context: IssuerContext,
  config: WebWayConfig,
  page: string,
): Promise<void> {
  const { examination, world, about, needs } = context;
  const { authentication } = config;
  const url = new URL(config.url);
  const known = await examineWebEndpoint(context, config);
  if (known === undefined) return;
  const target = new URL(page, url.href.endsWith('/') ? url : `${url.href}/`);
  const configured = configuredSchemes(authentication);
  const answer = await examineAnswer(examination, world, about, {
    url: target,
    tls: known,
    clockJudge: clockJudgeOf(configured),
  });
  await examineSignIn(examination, about, {
    facts: answer && {
      ...answer,
      configured,
      hasCertificate: authentication.certificate !== undefined,
    },
    client: async () =>
      createWebClient({
        origin: url.origin,
        credentials: await webCredentials(authentication, needs.readSecret),
        tls: known,
        limits: { answerMillis: 20_000, totalMillis: 40_000 },
        clock: world.clock,
      }),
    path: `${target.pathname}${target.search}`,
    tls: known,
    isTls: url.protocol === 'https:',
  });
}

/** Checks of `examineWebEndpoint` that what is behind it stands on. */
export function webEndpointSteps({
  url,
  tls: { pins },
}: Pick<WebWayConfig, 'url' | 'tls'>): readonly string[] {
  return ['tls.settings', ...trustChecks(url.startsWith('https:'), { pins })];
}

/** Checks of `examineWebWay` that the CA behind it stands on. */
export function webWaySteps(config: WebWayConfig): readonly string[] {
  return [...webEndpointSteps(config), 'http.answer', 'sign-in.offered', 'sign-in.used'];
}
