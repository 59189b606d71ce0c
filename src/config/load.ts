import { dirname, resolve } from 'node:path';
import { GatewayError, isGatewayError } from '../errors/index.js';
import { absolutePaths } from './absolute-paths.js';
import { checkConfig } from './check.js';
import { ConfigFault } from './config-fault.js';
import { environmentProblems, readEnvironment, type EnvironmentSettings } from './environment.js';
import {
  listFileProblems,
  signInFileProblems,
  storeFileProblems,
  webhookFileProblems,
} from './named-files.js';
import {
  keyText,
  quoted,
  type ConfigProblem,
  type ConfigPath,
  type FilePosition,
} from './problem.js';
import { readBytes, type ReadFile } from './read-file.js';
import { resolveSecret } from './resolve-secret.js';
import type { GatewayConfig } from './schema.js';
import type { SecretReference } from './secret.js';
import { secretsNeeded } from './secrets-needed.js';
import { decodeTextFile } from './text-file.js';
import { threadWarnings } from './token-checks.js';
import type { ConfigWarning } from './config-warning.js';

export interface LoadConfigOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly readFile?: ReadFile;
  /** Default: that of the process. */
  readonly workingDirectory?: string;
}

export interface ResolvedConfig {
  /** Paths in it are absolute. */
  readonly config: GatewayConfig;
  /** Absolute path of the gateway.yaml; undefined when the defaults hold. */
  readonly file: string | undefined;
  /** SCEP_GATEWAY_ADMIN_PASSWORD. */
  readonly adminPassword: string | undefined;
  readonly warnings: readonly ConfigWarning[];
  /** `resolveSecret` with the sources of this configuration. */
  readonly readSecret: (reference: SecretReference) => Promise<string>;
}

/**
 * The configuration a gateway starts with: SCEP_GATEWAY_CONFIG, completed by defaults, overruled by the
 * other variables. Every secret the start needs can be read when this resolves.
 * @throws ConfigFault `config.invalid` with everything that is wrong, key by key, with line and column;
 *   GatewayError `config.unreadable` when the file cannot be read, ConfigFault when a secret cannot
 */
export async function loadConfig(options: LoadConfigOptions): Promise<ResolvedConfig> {
  const workingDirectory = options.workingDirectory ?? process.cwd();
  const settings = readEnvironment(options.environment);
  const file = settings.file === undefined ? undefined : resolve(workingDirectory, settings.file);
  const written = file === undefined ? nothing : await readConfigFile(file, options.readFile);
  const { config, warnings } = judge(written, settings, file);

  const baseDirectory = file === undefined ? workingDirectory : dirname(file);
  const readSecret = (reference: SecretReference) =>
    resolveSecret(reference, { ...options, baseDirectory });
  await checkSecrets(config, readSecret, written.locate);
  const absolute = absolutePaths(overruled(config, settings), { baseDirectory, workingDirectory });
  const unusable = [
    ...(await listFileProblems(absolute, options.readFile)),
    ...(await webhookFileProblems(absolute, options.readFile)),
    ...(await signInFileProblems(absolute, options.readFile)),
    ...(await storeFileProblems(absolute, options.readFile)),
  ];
  if (unusable.length > 0) {
    const located = unusable.map((problem) => ({
      ...problem,
      position: written.locate(problem.path),
    }));
    throw new ConfigFault('config.unreadable', file ?? 'environment', located);
  }
  return {
    config: absolute,
    file,
    adminPassword: settings.adminPassword,
    warnings: [...warnings, ...threadWarnings(absolute, options.environment)],
    readSecret,
  };
}

interface WrittenConfig {
  readonly value: unknown;
  readonly locate: (path: ConfigPath) => FilePosition | undefined;
}

const nothing: WrittenConfig = { value: undefined, locate: () => undefined };

async function readConfigFile(file: string, readFile?: ReadFile): Promise<WrittenConfig> {
  const bytes = await readBytes(file, readFile);
  if (bytes.kind === 'failed') {
    throw new GatewayError(
      'config.unreadable',
      `SCEP_GATEWAY_CONFIG names ${quoted(file)}, which cannot be read: ${bytes.reason}`,
      { mend: 'correct SCEP_GATEWAY_CONFIG, or unset it to start with the defaults' },
    );
  }
  const text = decodeTextFile(bytes.content);
  if (text === undefined) {
    throw new GatewayError('config.unreadable', `${quoted(file)} is not UTF-8 text`, {
      mend: 'save the file as UTF-8',
    });
  }
  // Without a file there is nothing to read it with.
  const { readYaml } = await import('./yaml-file.js');
  const yaml = readYaml(text);
  if (yaml.kind === 'malformed') throw invalid(file, yaml.problems);
  return yaml;
}

function judge(
  written: WrittenConfig,
  settings: EnvironmentSettings,
  file: string | undefined,
): { readonly config: GatewayConfig; readonly warnings: readonly ConfigWarning[] } {
  const checked = checkConfig(written.value);
  const problems = checked.kind === 'valid' ? [] : checked.problems;
  const all = [
    ...problems.map((problem) => ({ ...problem, position: written.locate(problem.path) })),
    ...environmentProblems(settings),
  ];
  if (checked.kind === 'invalid' || all.length > 0) throw invalid(file ?? 'environment', all);
  return checked;
}

function overruled(config: GatewayConfig, settings: EnvironmentSettings): GatewayConfig {
  return {
    ...config,
    listeners:
      settings.listen === undefined
        ? config.listeners
        : config.listeners
            .slice(0, 1)
            .map((first) => ({ ...first, address: settings.listen ?? '' })),
    data: { ...config.data, directory: settings.dataDirectory ?? config.data.directory },
  };
}

async function checkSecrets(
  config: GatewayConfig,
  readSecret: ResolvedConfig['readSecret'],
  locate: WrittenConfig['locate'],
): Promise<void> {
  const problems: ConfigProblem[] = [];
  for (const { path, reference } of secretsNeeded(config)) {
    try {
      await readSecret(reference);
    } catch (error) {
      if (!isGatewayError(error)) throw error;
      const { message: problem, mend = 'make it readable' } = error;
      problems.push({ key: keyText(path), problem, mend, path, position: locate(path) });
    }
  }
  if (problems.length > 0) {
    throw new ConfigFault('config.unreadable', 'secrets', problems);
  }
}

function invalid(source: string, problems: readonly ConfigProblem[]): ConfigFault {
  return new ConfigFault('config.invalid', source, problems);
}
