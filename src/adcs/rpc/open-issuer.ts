import type { Certificate } from '../../x509/index.js';
import { AdcsIssuer } from '../adcs-issuer.js';
import { openAnsweredChain } from '../answered-chain.js';
import type { IssuerSettings } from '../issuer-settings.js';
import { CertPassage, type CertPassageOptions } from './cert-passage.js';

interface RpcIssuerOptions extends IssuerSettings, Omit<CertPassageOptions, 'connectMillis'> {
  /** Checked; undefined: the first certificate brings it. */
  readonly chain: readonly Certificate[] | undefined;
  /** For a submission as a whole. */
  readonly submitMillis: number;
}

/** AD CS over RPC. Asks the CA for nothing yet. */
export async function openRpcIssuer(options: RpcIssuerOptions): Promise<AdcsIssuer> {
  const { name, pins, state, report, clock, chain: given } = options;
  const passage = new CertPassage({ ...options, connectMillis });
  const bundle = () => passage.lastBundle;
  const chain = await openAnsweredChain(bundle, { name, pins, state, report, clock, given });
  return new AdcsIssuer({ ...options, ca: passage, chain });
}

/** For each step up to the sign-in, in which the server may have to ask a domain controller. */
const connectMillis = 15_000;
