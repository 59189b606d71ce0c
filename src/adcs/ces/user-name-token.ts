import { xmlTag, type XmlNode } from '../../xml/index.js';
import { namespaces, uris } from './names.js';

export interface UserNameToken {
  readonly user: string;
  readonly password: string;
}

/**
 * The header that signs in by user name and password (WSS UsernameToken profile 1.0 §3.1). WCF wants a
 * timestamp beside it, and compares it with its own clock.
 */
export function securityHeader({ user, password }: UserNameToken, now: Date): XmlNode {
  const expires = new Date(now.getTime() + lifeMillis);
  return xmlTag(
    'o:Security',
    { 'xmlns:o': namespaces.security, 'xmlns:u': namespaces.utility, 's:mustUnderstand': '1' },
    xmlTag(
      'u:Timestamp',
      { 'u:Id': 'timestamp' },
      xmlTag('u:Created', {}, now.toISOString()),
      xmlTag('u:Expires', {}, expires.toISOString()),
    ),
    xmlTag(
      'o:UsernameToken',
      { 'u:Id': 'account' },
      xmlTag('o:Username', {}, user),
      xmlTag('o:Password', { Type: uris.passwordText }, password),
    ),
  );
}

/** As WCF clients do. */
const lifeMillis = 300_000;
