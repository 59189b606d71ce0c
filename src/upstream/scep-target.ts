/** Where a SCEP operation goes at an upstream server (RFC 8894 §4.1). */

/**
 * Path and query of the request line. What the URL has in its query already stays in front.
 * @param url of the SCEP server: `…/certsrv/mscep/mscep.dll`, or with `/pkiclient.exe` after it
 */
export function scepTarget(url: URL, operation: string, message?: string): string {
  const known = url.search === '' ? '?' : `${url.search}&`;
  const text = message === undefined ? '' : `&message=${encodeURIComponent(message)}`;
  return `${url.pathname}${known}operation=${operation}${text}`;
}

/** The admin page of the NDES whose SCEP URL this is; undefined where the path is not NDES'. */
export function adminPageOf(url: URL): URL | undefined {
  const found = /^(.*\/certsrv\/)mscep(?:\/|$)/i.exec(url.pathname);
  return found?.[1] === undefined ? undefined : new URL(`${found[1]}mscep_admin/`, url.origin);
}
