/** Goes through a configuration and what it names, from the file to the CA. Changes nothing. */
import { ConfigFault, type ResolvedConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import { checkFiles } from '../gateway/index.js';
import type { AuthorityView } from '../issuer/index.js';
import { examineAdcs } from './adcs.js';
import { examineChallengeServer, examineData, examineKeys } from './data.js';
import { examineDirectory } from './directory.js';
import { examineEmbedded } from './embedded.js';
import { Examination, type Progress } from './examination.js';
import { failed, ok, warning, type Finding, type Verdict } from './finding.js';
import type { IssuerContext } from './issuer-context.js';
import { examineListeners } from './listeners.js';
import { examineTokens } from './tokens.js';
import { examineNdes } from './upstream.js';
import type { World } from './world.js';

export interface DoctorOptions {
  readonly load: () => Promise<ResolvedConfig>;
  readonly world: World;
  readonly progress: Progress;
  /** This issuer alone. */
  readonly issuer?: string | undefined;
  /** The issuers of this profile alone. */
  readonly profile?: string | undefined;
  /** Sign in to admin pages of upstream servers, which uses up one of their passwords each. */
  readonly adminPage?: boolean | undefined;
}

/** Never rejects for what is wrong with the configuration or the world. */
export async function examine(options: DoctorOptions): Promise<readonly Finding[]> {
  const { world, progress, issuer, profile } = options;
  const examination = new Examination(progress);
  const resolved = await examineConfiguration(examination, options.load, world.clock());
  if (resolved === undefined) return [...examination.findings, ...withoutConfiguration];
  const isWhole = issuer === undefined && profile === undefined;
  const data = await examineData(examination, resolved);
  await examineChallengeServer(examination, resolved);
  const chosen = chosenIssuers(resolved, options);
  const tokens = await examineTokens(examination, resolved, [...chosen.keys()]);
  try {
    const views =
      data === undefined
        ? new Map<string, AuthorityView>()
        : await examineKeys(examination, data, {
            resolved,
            issuers: [...chosen.keys()],
            tokens: tokens.byName,
          });
    if (isWhole) {
      await examineListeners(examination, resolved, world.clock());
      await examineDirectory(examination, world, resolved);
    }
    for (const [name, profiles] of chosen) {
      await examineIssuer({
        examination,
        world,
        name,
        about: `issuer ${name}`,
        resolved,
        view: views.get(name),
        needs: {
          readSecret: resolved.readSecret,
          state: {
            get: async (key) => data?.settings.get(key),
            set: () => Promise.resolve(),
          },
          report: () => undefined,
          clock: world.clock,
        },
        profiles,
        adminPage: options.adminPage === true,
      });
    }
  } finally {
    await tokens.close();
    await data?.settings.close();
  }
  return examination.findings;
}

/** `config.valid`, `config.warning`. */
async function examineConfiguration(
  examination: Examination,
  load: DoctorOptions['load'],
  now: Date,
): Promise<ResolvedConfig | undefined> {
  const about = 'configuration';
  let resolved: ResolvedConfig | undefined;
  const warnings: Verdict[] = [];
  await examination.check({ id: 'config.valid', about }, async () => {
    try {
      const loaded = await load();
      // What listeners show is looked at below.
      const files = (await checkFiles(loaded, now)).filter(({ key }) => !/^listeners/.test(key));
      warnings.push(...[...loaded.warnings, ...files].map(warned));
      resolved = loaded;
      return ok(`${loaded.file ?? 'The default configuration'} is valid.`);
    } catch (error) {
      if (error instanceof ConfigFault) return error.problems.map(problemVerdict);
      throw error;
    }
  });
  await examination.check({ id: 'config.warning', about }, () => warnings);
  return resolved;
}

function warned({ key, warning: text }: ResolvedConfig['warnings'][number]): Verdict {
  return warning(`${key}: ${text}.`, `See ${key} in configuration.md.`);
}

function problemVerdict({
  key,
  problem,
  mend,
  position,
}: ConfigFault['problems'][number]): Verdict {
  const where = position === undefined ? '' : ` (line ${position.line})`;
  return failed(`${key}${where}: ${problem}.`, `${mend}; all of it: scep-gateway config check.`);
}

const withoutConfiguration: readonly Finding[] = [
  ['data.directory', 'data directory'],
  ['listener.certificate', 'listeners'],
  ['directory.servers', 'directory'],
  ['ca.reachable', 'issuers'],
].map(([id = '', about = '']) => ({
  id,
  about,
  result: 'skipped',
  text: 'Not looked at, because of config.valid.',
  because: 'config.valid',
}));

/** Issuers to look at, with the profiles that use them. @throws GatewayError `cli.usage` for unknown names */
function chosenIssuers(
  { config }: ResolvedConfig,
  { issuer, profile }: Pick<DoctorOptions, 'issuer' | 'profile'>,
): ReadonlyMap<string, readonly string[]> {
  const uses = (name: string): string[] =>
    Object.entries(config.profiles)
      .filter(([own]) => profile === undefined || own === profile)
      .filter(([, used]) => used.issuer === name || used.standby.includes(name))
      .map(([own]) => own);
  requireKnown('issuer', issuer, Object.keys(config.issuers));
  requireKnown('profile', profile, Object.keys(config.profiles));
  return new Map(
    Object.keys(config.issuers)
      .filter((name) => issuer === undefined || name === issuer)
      .map((name): [string, readonly string[]] => [name, uses(name)])
      .filter(([, profiles]) => profile === undefined || profiles.length > 0),
  );
}

function requireKnown(what: string, name: string | undefined, known: readonly string[]): void {
  if (name === undefined || known.includes(name)) return;
  throw new GatewayError('cli.usage', `There is no ${what} ${name}.`, {
    mend: `There is: ${known.join(', ')}`,
  });
}

async function examineIssuer(context: IssuerContext): Promise<void> {
  const config = context.resolved.config.issuers[context.name];
  if (config === undefined) return undefined;
  switch (config.kind) {
    case 'local':
      return examineEmbedded(context);
    case 'ndes':
      return examineNdes(context, config);
    default:
      return examineAdcs(context, config);
  }
}
