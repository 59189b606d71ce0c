import type { WebClient } from '../../web-client/index.js';
import { AdcsIssuer } from '../adcs-issuer.js';
import type { CaChainSource } from '../ca-chain-source.js';
import { FetchedChain } from '../fetched-chain.js';
import type { IssuerSettings } from '../issuer-settings.js';
import { Certsrv } from './certsrv.js';

interface WebEnrollmentIssuerOptions extends IssuerSettings {
  /** Signs in by itself. */
  readonly client: Pick<WebClient, 'send'>;
  /** Path of the pages, `/certsrv/`. */
  readonly directory: string;
  /** Undefined: the CA is asked. */
  readonly chain: CaChainSource | undefined;
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
