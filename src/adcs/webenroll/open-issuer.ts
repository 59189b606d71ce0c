import type { Notice } from '../../issuer/index.js';
import type { WebClient } from '../../web-client/index.js';
import type { CaChainSource } from '../ca-chain-source.js';
import { AdcsIssuer } from '../adcs-issuer.js';
import type { CoSigning } from '../co-signing.js';
import { FetchedChain, type ChainState } from '../fetched-chain.js';
import type { TemplateRule } from '../template-choice.js';
import { Certsrv } from './certsrv.js';

export interface WebEnrollmentIssuerOptions {
  readonly name: string;
  /** Signs in by itself. */
  readonly client: Pick<WebClient, 'send'>;
  /** Path of the pages, `/certsrv/`. */
  readonly directory: string;
  /** As whom the CA knows the gateway. */
  readonly identity: string | undefined;
  readonly templates: TemplateRule;
  readonly attributes: readonly (readonly [string, string])[];
  /** Undefined: requests go bare. */
  readonly coSigning?: CoSigning | undefined;
  /** Undefined: the CA is asked. */
  readonly chain: CaChainSource | undefined;
  /** SHA-256 of the issuing CA certificates to accept, lower case hex; empty: any at first. */
  readonly pins: readonly string[];
  readonly state: ChainState;
  readonly report: (notice: Notice) => void;
  readonly clock: () => Date;
}

/** Asks the CA for nothing yet. */
export async function openWebEnrollmentIssuer(
  options: WebEnrollmentIssuerOptions,
): Promise<AdcsIssuer> {
  const { name, client, directory, pins, state, report, clock } = options;
  const certsrv = new Certsrv(client, directory);
  const fetch = (signal: AbortSignal): ReturnType<Certsrv['caCertificates']> =>
    certsrv.caCertificates(signal);
  const chain =
    options.chain ?? (await FetchedChain.open({ name, fetch, pins, state, report, clock }));
  return new AdcsIssuer({ ...options, ca: certsrv, chain });
}
