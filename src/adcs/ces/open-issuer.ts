import type { Certificate } from '../../x509/index.js';
import { AdcsIssuer } from '../adcs-issuer.js';
import { openAnsweredChain } from '../answered-chain.js';
import type { IssuerSettings } from '../issuer-settings.js';
import { EnrollmentService, type EnrollmentServiceOptions } from './enrollment-service.js';

interface CesIssuerOptions extends IssuerSettings, EnrollmentServiceOptions {
  /** Checked; undefined: the first certificate brings it. */
  readonly chain: readonly Certificate[] | undefined;
  /** For a submission as a whole. */
  readonly submitMillis: number;
}

/** AD CS through CES. Asks the CA for nothing yet. */
export async function openCesIssuer(options: CesIssuerOptions): Promise<AdcsIssuer> {
  const { name, pins, state, report, clock, chain: given } = options;
  const service = new EnrollmentService(options);
  const bundle = () => service.lastBundle;
  const chain = await openAnsweredChain(bundle, { name, pins, state, report, clock, given });
  return new AdcsIssuer({ ...options, ca: service, chain });
}
