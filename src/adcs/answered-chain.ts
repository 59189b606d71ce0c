import type { Certificate } from '../x509/index.js';
import { isAuthority } from './authority-certificate.js';
import type { CaChainSource } from './ca-chain-source.js';
import { FetchedChain, type FetchedChainOptions } from './fetched-chain.js';
import type { Unavailable } from './unavailable.js';

/**
 * The chain of a CA that cannot be asked for it: given, or taken from what comes with an issued
 * certificate. Later ones are taken over where the CA has grown out of what it was (`FetchedChain`).
 *
 * @param bundle certificates that came with the last certificate
 */
export async function openAnsweredChain(
  bundle: () => readonly Certificate[],
  options: Omit<FetchedChainOptions, 'fetch'>,
): Promise<CaChainSource> {
  const chain = await FetchedChain.open({
    ...options,
    fetch: () => Promise.resolve(bundle().filter(isAuthority)),
  });
  return {
    get current() {
      return chain.current;
    },
    get known() {
      return chain.known;
    },
    // The first certificate brings it.
    demand: () => Promise.resolve(undefined),
    async refresh(signal) {
      if (bundle().some(isAuthority)) return chain.refresh(signal);
      return chain.current.length > 0 ? undefined : noneYet;
    },
    reload: () => chain.reload(),
  };
}

const noneYet: Unavailable = {
  kind: 'unavailable',
  submission: 'none',
  detail: 'Its chain is not known before it has issued a certificate.',
  mend: 'Write the certificates of the CA, up to the root, into a file, and its path into caCertificates of the issuer.',
};
