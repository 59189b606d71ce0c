import type { AdcsIssuer } from '../adcs/index.js';
import { openCesCa } from './adcs-ces.js';
import type { AdcsConfig } from './adcs-parts.js';
import { openRpcCa } from './adcs-rpc.js';
import type { CaNeeds } from './authority-dependencies.js';
import { openWebEnrollmentCa } from './web-enrollment.js';

/** The CA of such an issuer, to ask it something. It is asked for nothing yet. */
export function openAdcsCa(name: string, config: AdcsConfig, needs: CaNeeds): Promise<AdcsIssuer> {
  switch (config.kind) {
    case 'adcs-webenroll':
      return openWebEnrollmentCa(name, config, needs);
    case 'adcs-rpc':
      return openRpcCa(name, config, needs);
    case 'adcs-ces':
      return openCesCa(name, config, needs);
  }
}
