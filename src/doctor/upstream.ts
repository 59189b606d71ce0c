/** An NDES or SCEP server behind the gateway. */
import type { NdesIssuerConfig } from '../config/index.js';
import { openChallengeSource, openUpstreamServer } from '../gateway/index.js';
import { adminPageOf, examineUpstream, type Finding as Found } from '../upstream/index.js';
import { examineAnswer, trustChecks } from './endpoint.js';
import { failed, info, ok, warning, type Verdict } from './finding.js';
import type { IssuerContext } from './issuer-context.js';
import { examineRa } from './registration-authority.js';
import { clockJudgeOf, configuredSchemes, offeredVerdict } from './sign-in.js';
import { examineWebEndpoint } from './web-way.js';

export async function examineNdes(context: IssuerContext, config: NdesIssuerConfig): Promise<void> {
  const { examination, world, about, name, needs, view } = context;
  const tls = await examineWebEndpoint(context, {
    ...config,
    authentication: {},
    mayBePlain: config.fingerprint !== undefined,
  });
  if (tls === undefined) return;
  const isTls = new URL(config.url).protocol === 'https:';
  await examination.check(
    {
      id: 'upstream.scep',
      about,
      needs: trustChecks(isTls, tls),
      doing: `asking ${name} for GetCACaps and GetCACert`,
    },
    async () => {
      const { server, http } = await openUpstreamServer(name, config, needs);
      try {
        const { fingerprint } = config;
        const now = world.clock();
        return (await examineUpstream({ server, fingerprint, source: undefined, now })).map(
          verdictOf,
        );
      } finally {
        http.close();
      }
    },
  );
  if (config.adminPage) await examineAdminPage(context, config, config.adminPage);
  if (config.mode === 're-enroll' && view !== undefined) {
    const now = world.clock();
    await examineRa(examination, about, { view, cas: [], now, embedded: false });
  }
}

/** `upstream.admin-page`: what it offers; signing in uses one of its passwords up, so only when told to. */
async function examineAdminPage(
  context: IssuerContext,
  config: NdesIssuerConfig,
  { url: written, authentication }: NonNullable<NdesIssuerConfig['adminPage']>,
): Promise<void> {
  const { examination, world, about: issuer, name, resolved, adminPage } = context;
  const about = `admin page of ${issuer}`;
  const url = written === undefined ? adminPageOf(new URL(config.url)) : new URL(written);
  if (url === undefined) return;
  const tls = await examineWebEndpoint(
    { ...context, about },
    { url: url.href, tls: config.tls, authentication, mayBePlain: true },
  );
  if (tls === undefined) return;
  const configured = configuredSchemes(authentication);
  const clockJudge = clockJudgeOf(configured);
  const answer = await examineAnswer(examination, world, about, { url, tls, clockJudge });
  await examination.check({ id: 'sign-in.offered', about, needs: ['http.answer'] }, () =>
    answer === undefined
      ? []
      : offeredVerdict({
          ...answer,
          configured,
          hasCertificate: authentication.certificate !== undefined,
        }),
  );
  await examination.check(
    {
      id: 'sign-in.used',
      about,
      needs: ['http.answer', 'sign-in.offered'],
      doing: `fetching a password of ${name}`,
    },
    async () => {
      if (!adminPage) {
        return info(
          'Whether the page lets the gateway in was not tried: each look uses up one of its passwords.',
          'scep-gateway doctor --admin-page tries it.',
        );
      }
      const opened = await openChallengeSource(resolved, name);
      if (opened === undefined) return [];
      try {
        const challenge = await opened.source.fetch();
        return ok(
          `The page lets the gateway in and hands out passwords of ${challenge.password.length} characters.`,
        );
      } finally {
        opened.http.close();
      }
    },
  );
}

function verdictOf({ kind, text }: Found): Verdict {
  const next =
    'Compare the issuer in the configuration with the server (scep-gateway issuer test shows the same).';
  if (kind === 'good') return ok(text);
  return kind === 'warning' ? warning(text, next) : failed(text, next);
}
