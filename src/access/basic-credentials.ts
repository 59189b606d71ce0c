/** The credentials of HTTP Basic (RFC 7617). */

interface BasicCredentials {
  readonly user: string;
  readonly password: string;
}

/** Undefined when the header is of another scheme; `malformed` when it is Basic but unreadable. */
export function readBasicCredentials(
  authorization: string | undefined,
): BasicCredentials | 'malformed' | undefined {
  const header = /^\s*basic(?:\s+(\S*))?\s*$/i.exec(authorization ?? '');
  if (!header) return undefined;
  const text = decodeText(Buffer.from(header[1] ?? '', 'base64'));
  const colon = text.indexOf(':');
  if (colon < 0) return 'malformed';
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** UTF-8 as RFC 7617 wants it, else Latin-1 as old clients send it. */
function decodeText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}
