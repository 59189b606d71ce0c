import { readNtlmToken, type NtlmToken } from '../../ntlm/index.js';

/** NTLM in an Authorization field, by its own name (MS-NTHT) or as `Negotiate` (RFC 4559). */
export interface NtlmCredentials extends NtlmToken {
  /** As it goes into the answer. */
  readonly scheme: 'NTLM' | 'Negotiate';
}

/** Four times what a real client sends. */
const mostCharacters = 16 * 1024;

/**
 * Undefined when the field is of another scheme, or of another mechanism in `Negotiate`; `malformed` when
 * it is NTLM and cannot be read.
 */
export function readNtlmCredentials(
  authorization: string | undefined,
): NtlmCredentials | 'malformed' | undefined {
  const field = /^\s*(ntlm|negotiate)(?:\s+(\S*))?\s*$/i.exec(authorization ?? '');
  if (!field) return undefined;
  const [, name = '', text = ''] = field;
  const scheme = name.toLowerCase() === 'ntlm' ? 'NTLM' : 'Negotiate';
  const token =
    text.length > mostCharacters ? undefined : readNtlmToken(Buffer.from(text, 'base64'));
  if (token) return { scheme, ...token };
  return scheme === 'NTLM' ? 'malformed' : undefined;
}
