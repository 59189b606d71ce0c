import {
  checkCaChain,
  enrollRa,
  fixedTemplate,
  givenChain,
  openWebEnrollmentIssuer,
  type CaChainSource,
  type TemplateRule,
} from '../adcs/index.js';
import type { WebEnrollmentConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import { frontedAuthority, type Authority } from '../issuer/index.js';
import { createWebClient } from '../web-client/index.js';
import { Certificate, readPem } from '../x509/index.js';
import type { AuthorityDependencies } from './authority-dependencies.js';
import { openRaKeys } from './ra-keys.js';
import { keepRaFresh } from './ra-upkeep.js';
import { readText } from './text-file.js';
import { webCredentials, webIdentity, webTls } from './web-credentials.js';

/** AD CS behind its Web Enrollment pages, with RA keys of ours in front. */
export async function openWebEnrollment(
  name: string,
  config: WebEnrollmentConfig,
  dependencies: AuthorityDependencies,
): Promise<Authority> {
  const { resolved, data, notices, clock } = dependencies;
  const { readSecret } = resolved;
  const url = new URL(config.url);
  const client = createWebClient({
    origin: url.origin,
    credentials: await webCredentials(config.authentication, readSecret),
    tls: await webTls(config, readSecret),
    userAgent,
    clock,
  });
  const identity = webIdentity(config.authentication);
  const issuer = await openWebEnrollmentIssuer({
    name,
    client,
    directory: url.pathname.endsWith('/') ? url.pathname : `${url.pathname}/`,
    identity,
    templates: templateRule(config),
    attributes: Object.entries(config.attributes),
    chain: await configuredChain(config, clock),
    pins: config.caThumbprints.map((pin) => pin.replaceAll(':', '').toLowerCase()),
    state: data.settings,
    report: (notice) => notices.post(name, notice),
    clock,
  });
  const ra = await openRaKeys(name, config, dependencies);
  const { SignatureTemplate: signing, EncryptionTemplate: encryption } = config.raTemplates;
  const enroll = () => enrollRa(ra.raKeeper, issuer, { signing, encryption });
  return frontedAuthority({
    issuer,
    ra,
    replacedCas: () => issuer.replacedCas,
    maintain: async () => [
      ...(await issuer.maintain()),
      ...(await keepRaFresh(ra.raKeeper, enroll, clock())),
    ],
    enrollRa: enroll,
  });
}

/** certsrv answers otherwise to what does not call itself a browser. */
const userAgent = 'Mozilla/5.0 (compatible; scep-gateway)';

function templateRule({ template, templates }: WebEnrollmentConfig): TemplateRule {
  if (template !== undefined) return fixedTemplate(template);
  return {
    signature: templates.SignatureTemplate,
    encryption: templates.EncryptionTemplate,
    generalPurpose: templates.GeneralPurposeTemplate,
  };
}

/** @throws GatewayError `config.unreadable`, `config.invalid` */
async function configuredChain(
  { caCertificates }: WebEnrollmentConfig,
  clock: () => Date,
): Promise<CaChainSource | undefined> {
  if (caCertificates === undefined) return undefined;
  const mend = 'Correct `caCertificates` of the issuer.';
  const text = await readText(caCertificates, mend);
  const certificates = readPem(text)
    .filter(({ label }) => label === 'CERTIFICATE')
    .map(({ der }) => Certificate.fromDer(der));
  const checked = checkCaChain(certificates, clock());
  if (checked.kind === 'chain') return givenChain(checked.certificates);
  throw new GatewayError(
    'config.invalid',
    `The CA certificates in ${caCertificates} are not accepted: ${checked.reason}.`,
    {
      mend: `${mend} It holds the issuing CA and those above it up to the root, and nothing else.`,
    },
  );
}
