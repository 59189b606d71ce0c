import type { SoapFault } from './soap-fault.js';
import type { UserNameToken } from './user-name-token.js';

/**
 * A service that debugs quotes what it was sent, as text or as it stood in the message, escaped by us or by
 * itself; the reason goes into logs.
 */
export function withoutPassword(fault: SoapFault, token: UserNameToken | undefined): SoapFault {
  const { reason } = fault;
  if (token === undefined || reason === undefined) return fault;
  const pattern = Array.from(token.password).map(anySpelling).join('');
  return { ...fault, reason: reason.replace(new RegExp(pattern, 'giu'), '(password)') };
}

/** White space may have been folded. */
function anySpelling(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  const spellings = [`\\u{${point.toString(16)}}`, `&#0*${point};`, `&#x0*${point.toString(16)};`];
  const name = names.get(character);
  if (name !== undefined) spellings.push(`&${name};`);
  return /\s/u.test(character) ? `(?:\\s|${spellings.join('|')})+` : `(?:${spellings.join('|')})`;
}

/** XML 1.0 §4.6. */
const names: ReadonlyMap<string, string> = new Map([
  ['<', 'lt'],
  ['>', 'gt'],
  ['&', 'amp'],
  ['"', 'quot'],
  ["'", 'apos'],
]);
