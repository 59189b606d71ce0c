/** The request target as it stood on the request line: Express' own query parsing would spoil base64. */
export interface RequestTarget {
  /** Percent-decoded, with single slashes and without a final one; `/` alone stays. */
  readonly path: string;
  /** Raw text after the question mark. */
  readonly query: string;
}

export function requestTarget(url: string): RequestTarget {
  const [resource = ''] = url.split('#', 1);
  // Absolute form (RFC 9112 §3.2.2), as clients behind a forward proxy send it.
  const local = resource.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '');
  const mark = local.indexOf('?');
  const path = mark < 0 ? local : local.slice(0, mark);
  return { path: normalPath(path), query: mark < 0 ? '' : local.slice(mark + 1) };
}

/** Clients write `//certsrv/mscep/mscep.dll/` and the like (openxpki d37681c04). */
function normalPath(path: string): string {
  const segments = decodePercent(path)
    .split('/')
    .filter((segment) => segment !== '');
  return `/${segments.join('/')}`;
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
