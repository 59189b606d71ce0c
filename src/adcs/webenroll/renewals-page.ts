import { decodePage } from './page.js';

/** More certificates than a CA is ever renewed; each costs a request. */
const mostRenewals = 50;

/**
 * Index of the newest CA certificate, from the script of `certcarc.asp` (`var nRenewals=2;`); undefined
 * for a page that does not say.
 */
export function readNewestRenewal(body: Buffer): number | undefined {
  const written = /\bvar\s{1,4}nRenewals\s{0,4}=\s{0,4}(\d{1,4})\s{0,4};/.exec(
    decodePage(body),
  )?.[1];
  const newest = written === undefined ? undefined : Number.parseInt(written, 10);
  return newest !== undefined && newest <= mostRenewals ? newest : undefined;
}
