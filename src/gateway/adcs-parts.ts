/** What every issuer of AD CS takes from the configuration, whichever interface it uses. */
import {
  checkCaChain,
  enrollRa,
  fixedTemplate,
  type AdcsIssuer,
  type TemplateRule,
} from '../adcs/index.js';
import type { AdcsCesConfig, AdcsRpcConfig, WebEnrollmentConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import { frontedAuthority, type Authority, type LocalAuthority } from '../issuer/index.js';
import { Certificate, readPem } from '../x509/index.js';
import { accountIdentity } from './account-identity.js';
import type { AuthorityDependencies, CaNeeds } from './authority-dependencies.js';
import { openEnrollmentAgents, type EnrollmentAgents } from './enrollment-agents.js';
import { openRaKeys } from './ra-keys.js';
import { keepRaFresh } from './ra-upkeep.js';
import { readText } from './text-file.js';

type AdcsConfig = WebEnrollmentConfig | AdcsRpcConfig | AdcsCesConfig;

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
    pins: chainPins(config),
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

/** SHA-256 in lower case hex. */
function chainPins({ caThumbprints }: Pick<AdcsConfig, 'caThumbprints'>): string[] {
  return caThumbprints.map((pin) => pin.replaceAll(':', '').toLowerCase());
}

/** What stands before the CA: the RA keys, and the enrollment agents where the CA wants them. */
export interface AdcsFront {
  readonly ra: LocalAuthority;
  readonly agents: EnrollmentAgents | undefined;
}

export async function openAdcsFront(
  name: string,
  config: AdcsConfig,
  dependencies: AuthorityDependencies,
): Promise<AdcsFront> {
  const ra = await openRaKeys(name, config, dependencies);
  const { coSign } = config;
  const agents = coSign && (await openEnrollmentAgents(name, coSign, ra, dependencies));
  return { ra, agents };
}

/** The CA with RA keys of ours in front, which it certifies when `ra enroll` asks. */
export function frontedByRa(
  { ra, agents }: AdcsFront,
  issuer: AdcsIssuer,
  config: AdcsConfig,
  { clock }: AuthorityDependencies,
): Authority {
  const { SignatureTemplate: signing, EncryptionTemplate: encryption } = config.raTemplates;
  const enroll = () => enrollRa(ra.raKeeper, issuer, { signing, encryption });
  return frontedAuthority({
    issuer,
    ra,
    replacedCas: () => issuer.replacedCas,
    maintain: async () => [
      ...(await issuer.maintain()),
      ...(await keepRaFresh(ra.raKeeper, enroll, clock())),
      ...(agents?.notices(clock()) ?? []),
    ],
    reload: async () => {
      await agents?.refresh();
      return issuer.reload();
    },
    enrollRa: enroll,
  });
}
