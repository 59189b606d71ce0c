/** Issuers whose CA is AD CS: the way there by interface, then what all of them have. */
import type { AdcsIssuer } from '../adcs/index.js';
import { GatewayError } from '../errors/index.js';
import { openAdcsCa, type AdcsConfig } from '../gateway/index.js';
import type { IssuanceOutcome } from '../issuer/index.js';
import { examineCaCertificates } from './authority.js';
import { cesWaySteps, examineCesSignIn, examineCesWay } from './ces-way.js';
import { failed, info, nextStepOf, ok, warning, type Verdict } from './finding.js';
import type { IssuerContext } from './issuer-context.js';
import { examineRa } from './registration-authority.js';
import { examineCrls } from './revocation.js';
import { nameOf } from './expiry.js';
import { examineRpcWay, rpcWaySteps } from './rpc-way.js';
import { nameVerdicts, permissionVerdicts, schemaVerdicts } from './templates.js';
import { examineWebWay, webWaySteps } from './web-way.js';

/** From name resolution to the sign-in. @returns the checks without which the CA is not asked */
async function examineWay(context: IssuerContext, config: AdcsConfig): Promise<readonly string[]> {
  switch (config.kind) {
    case 'adcs-webenroll':
      await examineWebWay(context, config, 'certcarc.asp');
      return webWaySteps(config);
    case 'adcs-rpc':
      await examineRpcWay(context, config);
      return rpcWaySteps;
    case 'adcs-ces':
      await examineCesWay(context, config);
      return cesWaySteps(config);
  }
}

/** Everything about such an issuer. */
export async function examineAdcs(context: IssuerContext, config: AdcsConfig): Promise<void> {
  const { examination, world, about, name, needs, view } = context;
  const way = await examineWay(context, config);
  const signIns: string[] = [];
  let ca: AdcsIssuer | undefined;
  await examination.check({ id: 'issuer.settings', about }, async () => {
    const onSignIn = (scheme: string) => void signIns.push(scheme);
    ca = await openAdcsCa(name, config, { ...needs, onSignIn });
    return ok('The files and secrets of the issuer can be read.');
  });
  const opened = () => {
    if (ca === undefined) throw new GatewayError('internal', 'The issuer was not opened.');
    return ca;
  };
  await examination.check(
    {
      id: 'ca.reachable',
      about,
      needs: [...way, 'issuer.settings'],
      doing: `asking the CA of ${name}`,
    },
    async () => reachableVerdict(await opened().retrieve(unknownRequest, '')),
  );
  if (config.kind === 'adcs-rpc') {
    await examination.check({ id: 'sign-in.used', about, needs: ['ca.reachable'] }, () =>
      ok(`The CA lets the gateway in by ${signIns.at(-1) ?? 'no sign-in'}, with packet privacy.`),
    );
  }
  if (config.kind === 'adcs-ces') await examineCesSignIn(context, config);
  await examination.check(
    { id: 'ca.chain', about, needs: ['ca.reachable'], doing: `fetching the chain of ${name}` },
    async () => chainVerdicts(opened(), config),
  );
  const chain = ca?.chain ?? [];
  await examineCaCertificates(examination, about, chain, world.clock());
  await examineTemplates(context, config);
  const cas = [...chain, ...(ca?.replacedCas ?? [])];
  await examineRa(examination, about, { view, cas, now: world.clock(), embedded: false });
  // Of the hidden CA that certifies RA keys of ours there is none to fetch.
  const ra = view === undefined || view.ra.origin === 'self' ? [] : [view.ra.signing];
  await examineCrls(examination, world, about, [...chain, ...ra], cas);
}

/**
 * Asking after a request changes nothing. The largest id that every interface can carry (signed 32 bits):
 * no CA has come that far.
 */
const unknownRequest = '2147483647';

function reachableVerdict(outcome: IssuanceOutcome): Verdict {
  if (outcome.kind !== 'unavailable') {
    return ok('The CA service answers, and lets the gateway ask after requests.');
  }
  const { detail, mend } = outcome;
  return failed(
    detail,
    mend ?? nextStepOf(detail) ?? 'Check that the service CertSvc runs on the CA.',
  );
}

async function chainVerdicts(ca: AdcsIssuer, config: AdcsConfig): Promise<Verdict[]> {
  const outage = await ca.refreshChain(AbortSignal.timeout(chainMillis));
  const [issuing] = ca.chain;
  if (outage !== undefined) {
    const next = outage.mend ?? nextStepOf(outage.detail) ?? 'Configure caCertificates.';
    // Over RPC and through CES a CA tells its chain only with a certificate that it issues.
    return [
      config.kind !== 'adcs-webenroll' && issuing === undefined
        ? warning(`The chain of the CA is not known yet. ${outage.detail}`, next)
        : failed(outage.detail, next),
    ];
  }
  if (issuing === undefined) return [];
  const { sha256 } = issuing.thumbprints;
  const pins = config.caThumbprints;
  if (pins.length > 0 && !pins.includes(sha256)) {
    return [
      failed(
        `The CA is said to be ${nameOf(issuing)}, SHA-256 ${sha256}, which is not in caThumbprints.`,
        'Compare caCertificates and caThumbprints of the issuer with the CA (certutil -cainfo cert 0).',
      ),
    ];
  }
  const verdict = ok(
    config.kind === 'adcs-webenroll'
      ? `The CA is ${nameOf(issuing)}, SHA-256 ${sha256}.`
      : `The CA is said to be ${nameOf(issuing)}, SHA-256 ${sha256}; it shows its certificate only with one that it issues.`,
  );
  const isPinned = pins.length > 0 || config.caCertificates !== undefined;
  return isPinned
    ? [verdict]
    : [
        verdict,
        info(
          'The configuration does not say which CA it is: the first that answered is believed, and its renewals.',
          'Compare the SHA-256 with that of the CA (certutil -cainfo cert 0), then write it into caThumbprints of the issuer.',
        ),
      ];
}

const chainMillis = 20_000;

/** `template.name`, `template.permitted`, `template.schema`. */
async function examineTemplates(
  { examination, about, profiles, resolved }: IssuerContext,
  config: AdcsConfig,
): Promise<void> {
  const { template, templates } = config;
  const usual = template === undefined ? [...new Set(Object.values(templates))] : [template];
  const ways = new Map(
    profiles.map((profile): [string, readonly string[]] => {
      const own = resolved.config.profiles[profile]?.template;
      return [`profile ${profile}`, own === undefined ? usual : [own]];
    }),
  );
  const all = [...new Set([...ways.values()].flat())];
  await examination.check({ id: 'template.name', about }, () => nameVerdicts(all));
  await examination.check({ id: 'template.permitted', about }, () => permissionVerdicts(ways));
  await examination.check({ id: 'template.schema', about }, () => schemaVerdicts(all));
}
