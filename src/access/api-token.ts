import { createHash, randomBytes } from 'node:crypto';

/** `sgw_` and 256 random bits in base64url. */
const tokenPattern = /^sgw_[A-Za-z0-9_-]{43}$/;

/** A new API token; only its digest is kept. */
export function newApiToken(): { readonly token: string; readonly digest: string } {
  const token = `sgw_${randomBytes(32).toString('base64url')}`;
  return { token, digest: digest(token) };
}

/** SHA-256 of the token, hex; undefined when the text is no token of ours. */
export function apiTokenDigest(text: string): string | undefined {
  return tokenPattern.test(text) ? digest(text) : undefined;
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
