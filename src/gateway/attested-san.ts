import type { GatewayConfig, ProfileConfig } from '../config/index.js';

/**
 * Whether the CA is told the names that were attested and that a request lacks: whichever issuer of the profile is
 * asked, for whichever template.
 */
export async function addsAttestedSan(
  { issuer, standby, template }: ProfileConfig,
  issuers: GatewayConfig['issuers'],
): Promise<boolean> {
  for (const name of [issuer, ...standby]) {
    const config = issuers[name];
    if (!config || !('coSign' in config) || config.coSign?.form !== 'cmc') return false;
    const { coSign, templates } = config;
    if (!coSign.addExtensions.includes('san')) return false;
    const fixed = template ?? config.template;
    const asked = fixed === undefined ? Object.values(templates) : [fixed];
    const { isCoSigned } = await import('../adcs/index.js');
    if (!asked.every((each) => isCoSigned(coSign, each))) return false;
  }
  return true;
}
