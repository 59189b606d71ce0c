import {
  checkCaChain,
  fixedTemplate,
  givenChain,
  openWebEnrollmentIssuer,
  type CaChainSource,
  type TemplateRule,
} from '../adcs/index.js';
import type { LocalIssuerConfig, WebEnrollmentConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import {
  frontedAuthority,
  isFounded,
  openLocalAuthority,
  type Authority,
  type LocalAuthority,
} from '../issuer/index.js';
import { createWebClient } from '../web-client/index.js';
import { Certificate, readPem } from '../x509/index.js';
import type { AuthorityDependencies } from './authorities.js';
import { readImport } from './imported-pair.js';
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
  return frontedAuthority({
    issuer,
    ra: await openRaKeys(name, config, dependencies),
    replacedCas: () => issuer.replacedCas,
    maintain: () => issuer.maintain(),
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

/** The embedded authority keeps RA keys; its own CA certifies them until the CA behind has, and is shown to nobody. */
async function openRaKeys(
  name: string,
  config: WebEnrollmentConfig,
  { resolved: { readSecret }, data, clock }: AuthorityDependencies,
): Promise<LocalAuthority> {
  const { importRa, raSubject, raKeyBits, raYears, raOverlapDays, raCertificates } = config;
  const imported =
    importRa && (await readImport(importRa, readSecret, await isFounded(data.settings, name)));
  return openLocalAuthority({
    name,
    settings: { ...hiddenCa, raSubject, raKeyBits, raYears, raOverlapDays, raCertificates },
    keys: data.keys,
    records: data.enrollments,
    state: data.settings,
    publicUrl: undefined,
    caIsRecipient: false,
    imported: imported ? { ra: [imported] } : {},
    clock,
  });
}

const hiddenCa = {
  hierarchy: 'root',
  subject: 'CN=SCEP Gateway RA keys',
  rootSubject: 'CN=SCEP Gateway RA keys',
  keyBits: 2048,
  rootYears: 50,
  issuingYears: 50,
  crlHours: 8760,
  backdateMinutes: 60,
} as const satisfies Partial<LocalIssuerConfig>;
