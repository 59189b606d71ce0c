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
import { configuredSchemes, examineSignIn } from './sign-in.js';

/** What of an issuer decides how its web server is reached. */
export type WebWayConfig = Pick<WebEnrollmentConfig, 'url' | 'tls' | 'authentication'>;

/** @param page beside or under the URL, one that changes nothing */
export async function examineWebWay(
  context: IssuerContext,
  { url: written, tls: settings, authentication }: WebWayConfig,
  page: string,
): Promise<void> {
  const { examination, world, about, needs } = context;
  const url = new URL(written);
  const isTls = url.protocol === 'https:';
  let tls: WebTls | undefined;
  await examination.check({ id: 'tls.settings', about }, async () => {
    tls = await webTls({ tls: settings, authentication }, needs.readSecret);
    return ok('The files and secrets for the web server can be read.');
  });
  if (tls === undefined) return;
  const known = tls;
  await examineReach(examination, world, about, endpointOf(url));
  if (isTls) await examineTls(examination, world, about, endpointOf(url), known);
  else await examinePlainHttp(examination, about, url);
  const target = new URL(page, url.href.endsWith('/') ? url : `${url.href}/`);
  const configured = configuredSchemes(authentication);
  const kerberos = configured.includes('negotiate');
  const answer = await examineAnswer(examination, world, about, {
    url: target,
    tls: known,
    kerberos,
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
    isTls,
  });
}

/** Checks of `examineWebWay` that the CA behind it stands on. */
export function webWaySteps({ url, tls }: WebWayConfig): readonly string[] {
  const { pins } = tls;
  return [
    'tls.settings',
    ...trustChecks(url.startsWith('https:'), { pins }),
    'http.answer',
    'sign-in.offered',
    'sign-in.used',
  ];
}
