import type { Certificate } from '../x509/index.js';
import { failed, ok, warning, type Verdict } from './finding.js';

const dayMillis = 86_400_000;
const soonDays = 30;

/** `what` names it at the beginning of a sentence; `next` is what renews it. */
export function expiryVerdict(
  what: string,
  { notBefore, notAfter }: Pick<Certificate, 'notBefore' | 'notAfter'>,
  now: Date,
  next: string,
): Verdict {
  if (notAfter <= now) return failed(`${what} ended on ${day(notAfter)}.`, next);
  if (notBefore > now) {
    return failed(
      `${what} begins only on ${notBefore.toISOString()}.`,
      'Compare the clock of this machine with that of the CA.',
    );
  }
  const days = Math.floor((notAfter.getTime() - now.getTime()) / dayMillis);
  if (days < soonDays) return warning(`${what} ends on ${day(notAfter)}, in ${days} days.`, next);
  return ok(`${what} is valid until ${day(notAfter)}.`);
}

export function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** Subjects come from outside and may be long. */
export function nameOf({ subject }: Pick<Certificate, 'subject'>): string {
  return subject.text === '' ? '(no subject)' : subject.text.slice(0, 200);
}
