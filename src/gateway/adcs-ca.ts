import type { AdcsIssuer } from '../adcs/index.js';
import type { AdcsConfig } from './adcs-parts.js';
import type { CaNeeds } from './authority-dependencies.js';

/** The CA of such an issuer, to ask it something. It is asked for nothing yet. */
export async function openAdcsCa(
  name: string,
  config: AdcsConfig,
  needs: CaNeeds,
): Promise<AdcsIssuer> {
  switch (config.kind) {
    case 'adcs-webenroll': {
      const { openWebEnrollmentCa } = await import('./web-enrollment.js');
      return openWebEnrollmentCa(name, config, needs);
    }
    case 'adcs-rpc': {
      const { openRpcCa } = await import('./adcs-rpc.js');
      return openRpcCa(name, config, needs);
    }
    case 'adcs-ces': {
      const { openCesCa } = await import('./adcs-ces.js');
      return openCesCa(name, config, needs);
    }
  }
}
