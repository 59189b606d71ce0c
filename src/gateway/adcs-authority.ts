import { enrollRa } from '../adcs/index.js';
import { frontedAuthority, type Authority } from '../issuer/index.js';
import { openAdcsCa } from './adcs-ca.js';
import type { AdcsConfig } from './adcs-parts.js';
import { caNeeds, type AuthorityDependencies } from './authority-dependencies.js';
import { openEnrollmentAgents } from './enrollment-agents.js';
import { openRaKeys } from './ra-keys.js';
import { keepRaFresh } from './ra-upkeep.js';

/**
 * AD CS with RA keys of ours in front, which it certifies when `ra enroll` asks, and with the enrollment
 * agents where it wants them.
 */
export async function openAdcs(
  name: string,
  config: AdcsConfig,
  dependencies: AuthorityDependencies,
): Promise<Authority> {
  const { clock } = dependencies;
  const { coSign, raTemplates } = config;
  const ra = await openRaKeys(name, config, dependencies);
  const agents = coSign && (await openEnrollmentAgents(name, coSign, ra, dependencies));
  const needs = { ...caNeeds(name, dependencies), coSigning: agents?.coSigning };
  const issuer = await openAdcsCa(name, config, needs);
  const templates = {
    signing: raTemplates.SignatureTemplate,
    encryption: raTemplates.EncryptionTemplate,
  };
  const enroll = () => enrollRa(ra.raKeeper, issuer, templates);
  return frontedAuthority({
    issuer,
    ra,
    replacedCas: () => issuer.replacedCas,
    maintain: async (share) => [
      ...(await issuer.maintain()),
      ...(share === 'own' ? [] : await keepRaFresh(ra.raKeeper, enroll, clock())),
      ...(agents?.notices(clock()) ?? []),
    ],
    reload: async () => {
      await agents?.refresh();
      return issuer.reload();
    },
    enrollRa: enroll,
  });
}
