/** What every issuer of AD CS takes from the configuration, whichever interface it uses. */
import { checkCaChain, fixedTemplate, type TemplateRule } from '../adcs/index.js';
import type { AdcsCesConfig, AdcsRpcConfig, WebEnrollmentConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import { Certificate, readPem } from '../x509/index.js';
import { accountIdentity } from './account-identity.js';
import type { CaNeeds } from './authority-dependencies.js';
import { readText } from './text-file.js';

/** The issuers whose CA is AD CS. */
export type AdcsConfig = WebEnrollmentConfig | AdcsRpcConfig | AdcsCesConfig;

export function issuerSettings(
  name: string,
  config: AdcsConfig,
  { state, report, clock, coSigning }: CaNeeds,
) {
  return {
    name,
    identity: accountIdentity(config.authentication),
    templates: templateRule(config),
    attributes: Object.entries(config.attributes),
    coSigning,
    pins: config.caThumbprints,
    state,
    report,
    clock,
  };
}

function templateRule({
  template,
  templates,
}: Pick<AdcsConfig, 'template' | 'templates'>): TemplateRule {
  if (template !== undefined) return fixedTemplate(template);
  return {
    signature: templates.SignatureTemplate,
    encryption: templates.EncryptionTemplate,
    generalPurpose: templates.GeneralPurposeTemplate,
  };
}

/**
 * The certificates of the CA, issuing one first, from the file of the configuration.
 * @throws GatewayError `config.unreadable`, `config.invalid`
 */
export async function configuredChain(
  { caCertificates }: Pick<AdcsConfig, 'caCertificates'>,
  clock: () => Date,
): Promise<readonly Certificate[] | undefined> {
  if (caCertificates === undefined) return undefined;
  const mend = 'Correct `caCertificates` of the issuer.';
  const text = await readText(caCertificates, mend);
  const certificates = readPem(text)
    .filter(({ label }) => label === 'CERTIFICATE')
    .map(({ der }) => Certificate.fromDer(der));
  const checked = checkCaChain(certificates, clock());
  if (checked.kind === 'chain') return checked.certificates;
  throw new GatewayError(
    'config.invalid',
    `The CA certificates in ${caCertificates} are not accepted: ${checked.reason}.`,
    {
      mend: `${mend} It holds the issuing CA and those above it up to the root, and nothing else.`,
    },
  );
}
