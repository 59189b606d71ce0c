import type { IncomingMessage } from 'node:http';
import type { RequestTarget } from './request-target.js';
import { createScepPaths, type ScepPathProfile } from './scep-paths.js';
import { parseScepQuery, type ScepQuery } from './scep-query.js';

/** What a request asks of SCEP, as far as its target tells. */
export interface ScepTarget {
  readonly profile: string;
  readonly query: ScepQuery;
}

/** Undefined for what is none of SCEP's. */
export function createScepTargets(
  profiles: readonly ScepPathProfile[],
  defaultProfile: string | undefined,
): (target: RequestTarget) => ScepTarget | undefined {
  const profileAt = createScepPaths(profiles, defaultProfile);
  return ({ path, query: text }) => {
    const match = profileAt(path);
    if (!match) return undefined;
    const query = parseScepQuery(text);
    if (match.needsOperation && query.operation === undefined) return undefined;
    return { profile: match.profile, query };
  };
}

/** RFC 8894 has the operation in the query of a POST, too; a body without it can be only one thing. */
export function mayBePkiOperation(
  { method }: Pick<IncomingMessage, 'method'>,
  { operation }: ScepQuery,
): boolean {
  return operation === undefined ? method === 'POST' : isPkiOperation(operation);
}

export function isPkiOperation(operation: string): boolean {
  return /^pkioperation$/i.test(operation);
}
