import { failed, info, ok, warning, type Verdict } from './finding.js';

/** Kerberos allows five minutes (RFC 4120 §1.6), as does WCF; certificates begin at the second of the CA's clock. */
const mostSeconds = 300;
const noticedSeconds = 60;

/**
 * Compares the `Date` of an answer (RFC 9110 §6.6.1) with our clock.
 *
 * @param judge what a sign-in has to say of more than five minutes, a clause; undefined: nothing
 */
export function clockVerdict(
  rawHeaders: readonly string[],
  now: Date,
  judge: string | undefined,
): Verdict {
  const at = rawHeaders.findIndex((name, index) => index % 2 === 0 && /^date$/i.test(name));
  const theirs = Date.parse(rawHeaders[at + 1] ?? '');
  if (at < 0 || Number.isNaN(theirs)) return info('The web server does not say what time it is.');
  const seconds = Math.round((theirs - now.getTime()) / 1000);
  const apart = `The clock of the server is ${Math.abs(seconds)} seconds ${seconds < 0 ? 'behind' : 'ahead of'} ours`;
  const next =
    'Set the clocks of gateway, CA and domain controllers by the same time source (NTP).';
  if (Math.abs(seconds) <= noticedSeconds) return ok('The clocks of server and gateway agree.');
  if (Math.abs(seconds) <= mostSeconds) return warning(`${apart}.`, next);
  return judge === undefined
    ? warning(
        `${apart}: new certificates seem not to be valid yet, and sign-ins may be refused.`,
        next,
      )
    : failed(`${apart}: ${judge}.`, next);
}

export const kerberosJudge = 'Kerberos refuses more than five minutes';
