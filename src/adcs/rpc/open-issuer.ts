import type { Notice } from '../../issuer/index.js';
import type { Certificate } from '../../x509/index.js';
import { AdcsIssuer } from '../adcs-issuer.js';
import type { CoSigning } from '../co-signing.js';
import type { ChainState } from '../fetched-chain.js';
import type { TemplateRule } from '../template-choice.js';
import { openAnsweredChain } from './answered-chain.js';
import { CertPassage, type CertPassageOptions } from './cert-passage.js';

export interface RpcIssuerOptions extends Omit<CertPassageOptions, 'connectMillis'> {
  readonly name: string;
  /** As whom the CA knows the gateway. */
  readonly identity: string | undefined;
  readonly templates: TemplateRule;
  readonly attributes: readonly (readonly [string, string])[];
  /** Undefined: requests go bare. */
  readonly coSigning?: CoSigning | undefined;
  /** Checked; undefined: the first certificate brings it. */
  readonly chain: readonly Certificate[] | undefined;
  /** SHA-256 of the issuing CA certificates to accept, lower case hex; empty: any at first. */
  readonly pins: readonly string[];
  readonly state: ChainState;
  /** For a submission as a whole. */
  readonly submitMillis: number;
  readonly report: (notice: Notice) => void;
  readonly clock: () => Date;
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
