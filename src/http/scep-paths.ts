/** Which profile answers at a path: SCEPPATH of RFC 8894 §4.1, with what clients append to it. */
import { requestTarget } from './request-target.js';

export interface ScepPathProfile {
  readonly name: string;
  readonly paths: readonly string[];
}

interface ScepPathMatch {
  readonly profile: string;
  /** The admin page's address, which serves SCEP only when an operation is named (seize-the-dave/jscep#49). */
  readonly needsOperation: boolean;
}

export type ScepPaths = (path: string) => ScepPathMatch | undefined;

/**
 * Matches regardless of case. Windows appends `/pkiclient.exe` to the configured URL, others the CGI name
 * of their first CA; a path of its own always wins over one with such a suffix.
 */
export function createScepPaths(
  profiles: readonly ScepPathProfile[],
  defaultProfile: string | undefined,
): ScepPaths {
  const table = pathTable(profiles, defaultProfile);
  return (path) => {
    const exact = path.toLowerCase();
    return table.get(exact) ?? table.get(withoutProgram(exact));
  };
}

function pathTable(
  profiles: readonly ScepPathProfile[],
  defaultProfile: string | undefined,
): ReadonlyMap<string, ScepPathMatch> {
  const table = new Map<string, ScepPathMatch>();
  const add = (path: string, profile: string, needsOperation = false): void => {
    if (!table.has(path)) table.set(path, { profile, needsOperation });
  };
  const configured = profiles.flatMap(({ name, paths }) =>
    paths.map((path) => ({ name, path: requestTarget(path).path.toLowerCase() })),
  );
  for (const { name, path } of configured) add(path, name);
  // NDES answers at the directory of mscep.dll as well.
  for (const { name, path } of configured) {
    if (path.endsWith('/mscep/mscep.dll')) add(withoutProgram(path), name);
  }
  if (defaultProfile !== undefined) {
    // SCEPPATH where a client was told nothing (RFC 8894 §4.1); a profile at /cgi-bin wants it for itself.
    add('/cgi-bin/pkiclient.exe', table.get('/cgi-bin')?.profile ?? defaultProfile);
    add('/certsrv/mscep_admin/mscep.dll', defaultProfile, true);
  }
  return table;
}

function withoutProgram(path: string): string {
  const [, parent] = /^(.*)\/[^/]+\.(?:exe|dll|cgi)$/.exec(path) ?? [];
  return parent === '' ? '/' : (parent ?? path);
}
