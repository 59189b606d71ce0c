import type { RouteGroup } from '../access/index.js';
import type { RequestTarget } from './request-target.js';
import { createScepPaths, type ScepPathProfile } from './scep-paths.js';
import { parseScepQuery } from './scep-query.js';

/**
 * Which allow list a request is judged by. Whatever is not known here counts as `admin`, so that a door
 * that is added later is not open by oversight.
 */
export function createRouteGroups(
  profiles: readonly ScepPathProfile[],
  defaultProfile: string | undefined,
): (target: RequestTarget) => RouteGroup {
  const profileAt = createScepPaths(profiles, defaultProfile);
  return ({ path, query }) => {
    const scep = profileAt(path);
    if (scep && (!scep.needsOperation || parseScepQuery(query).operation !== undefined)) {
      return { kind: 'scep', profile: scep.profile };
    }
    const folded = path.toLowerCase();
    if (folded === '/healthz') return { kind: 'health' };
    const [, first = ''] = folded.split('/');
    return { kind: kinds.get(first) ?? 'admin' };
  };
}

const kinds: ReadonlyMap<string, 'api' | 'publications' | 'metrics'> = new Map([
  ['api', 'api'],
  ['crl', 'publications'],
  ['ca', 'publications'],
  ['metrics', 'metrics'],
  ['readyz', 'metrics'],
]);
