import type { Certificate } from '../x509/index.js';
import type { Unavailable } from './unavailable.js';

/** Where the chain of an AD CS issuer comes from: a file of the configuration, or the CA itself. */
export interface CaChainSource {
  /** Issuing CA first, root last; empty while the CA has never been reached. */
  readonly current: readonly Certificate[];
  /** Issuing CA certificates, the present one first, then those it replaced. */
  readonly known: readonly Certificate[];
  /** Sees to it that there is a chain. @returns why there is none */
  demand(signal: AbortSignal): Promise<Unavailable | undefined>;
  /** Looks whether the CA has a new certificate. @returns why that cannot be told */
  refresh(signal: AbortSignal): Promise<Unavailable | undefined>;
  /** Takes up what another process has learnt. @returns whether there was something */
  reload(): Promise<boolean>;
}

/** A chain that was given, and checked when it was read; the CA is not asked. */
export function givenChain(
  current: readonly Certificate[],
  known: readonly Certificate[] = current.slice(0, 1),
): CaChainSource {
  const nothing = () => Promise.resolve(undefined);
  return {
    current,
    known,
    demand: nothing,
    refresh: nothing,
    reload: () => Promise.resolve(false),
  };
}
