/** All targets; each family is loaded when it is asked for, because some bring a whole gateway along. */
import type { Target } from './target.js';

type Family = () => Promise<{ readonly targets: readonly Target[] }>;

const families: Readonly<Record<string, Family>> = {
  asn1: () => import('./targets/asn1.js'),
  cms: () => import('./targets/cms.js'),
  x509: () => import('./targets/x509.js'),
  scep: () => import('./targets/scep.js'),
  headers: () => import('./targets/headers.js'),
  'http-text': () => import('./targets/http-text.js'),
  'sign-in': () => import('./targets/sign-in.js'),
  rpc: () => import('./targets/rpc.js'),
  adcs: () => import('./targets/adcs.js'),
  answers: () => import('./targets/answers.js'),
  files: () => import('./targets/files.js'),
  inspect: () => import('./targets/inspect.js'),
  gateway: () => import('./targets/gateway.js'),
};

const drill: Family = () => import('./targets/drill.js');

/** A target, and where a child finds it without loading the others. */
export interface NamedTarget extends Target {
  readonly family: string;
}

export async function allTargets(): Promise<readonly NamedTarget[]> {
  const found: NamedTarget[] = [];
  for (const family of Object.keys(families)) found.push(...(await targetsOf(family)));
  return found;
}

/** Readers that fail on purpose, to see that each kind of fault is found. */
export function drillTargets(): Promise<readonly NamedTarget[]> {
  return targetsOf('drill');
}

/** @throws RangeError when there is none of that name */
export async function findTarget(name: string, family: string): Promise<NamedTarget> {
  const found = (await targetsOf(family)).find((target) => target.name === name);
  if (found === undefined) throw new RangeError(`there is no target ${name}: see --list`);
  return found;
}

async function targetsOf(family: string): Promise<readonly NamedTarget[]> {
  const { targets } = await (families[family] ?? drill)();
  return targets.map((target) => ({ ...target, family }));
}
