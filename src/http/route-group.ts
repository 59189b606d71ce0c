import type { RouteGroup } from '../access/index.js';
import type { RequestTarget } from './request-target.js';
import type { ScepPathProfile } from './scep-paths.js';
import { createScepTargets, type ScepTarget } from './scep-target.js';

/** Which allow list a request is judged by. */
export function createRouteGroups(
  profiles: readonly ScepPathProfile[],
  defaultProfile: string | undefined,
): (target: RequestTarget) => RouteGroup {
  const scepTarget = createScepTargets(profiles, defaultProfile);
  return (target) => routeGroup(target, scepTarget(target));
}

/** Whatever is not known here counts as `admin`, so that a door that is added later is not open by oversight. */
export function routeGroup(
  { path }: RequestTarget,
  scep: Pick<ScepTarget, 'profile'> | undefined,
): RouteGroup {
  if (scep) return { kind: 'scep', profile: scep.profile };
  const folded = path.toLowerCase();
  if (folded === '/healthz') return { kind: 'health' };
  const [, first = ''] = folded.split('/');
  return { kind: kinds.get(first) ?? 'admin' };
}

const kinds: ReadonlyMap<string, 'api' | 'publications' | 'metrics'> = new Map([
  ['api', 'api'],
  ['crl', 'publications'],
  ['ca', 'publications'],
  ['metrics', 'metrics'],
  ['readyz', 'metrics'],
]);
