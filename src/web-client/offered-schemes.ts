/** What a 401 offers: `WWW-Authenticate` (RFC 9110 §11.6.1) of servers that send several schemes. */

export interface OfferedScheme {
  /** In lower case. */
  readonly scheme: string;
  /** Of NTLM and Negotiate, where one came. */
  readonly token: Buffer | undefined;
}

const mostSchemes = 16;

/** @param rawHeaders names and values in turn, as node keeps them: no repeated field is lost there */
export function offeredSchemes(rawHeaders: readonly string[]): readonly OfferedScheme[] {
  return rawHeaders
    .filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'www-authenticate')
    .flatMap(challenges)
    .slice(0, mostSchemes);
}

/** Quoted strings may hold commas, so they go first, an unended one to the end; a part that begins with `name=` is a parameter. */
function challenges(value: string): OfferedScheme[] {
  const parts = value.replace(/"(?:[^"\\]|\\.)*(?:"|\\?$)/g, '""').split(',');
  return parts.flatMap((part): OfferedScheme[] => {
    const [, scheme = '', rest = ''] = /^\s*([A-Za-z][\w-]*)(?:\s+(\S*))?\s*$/.exec(part) ?? [];
    return scheme === '' ? [] : [{ scheme: scheme.toLowerCase(), token: decodeToken(rest) }];
  });
}

function decodeToken(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9+/]{4,}={0,2}$/.test(text)) return undefined;
  return Buffer.from(text, 'base64');
}
