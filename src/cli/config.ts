import { access, constants } from 'node:fs/promises';
import { Command } from 'commander';
import { stringify } from 'yaml';
import {
  ConfigFault,
  loadConfig,
  ndesRegistryToConfig,
  type GatewayConfig,
  type ResolvedConfig,
} from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import { checkFiles, listAges, type ListAge } from '../gateway/index.js';
import { examples } from './examples.js';
import { exitCodeOf } from './exit-code.js';
import { readInput } from './standard-input.js';
import { note, print } from './terminal.js';

export function configCommand(): Command {
  return new Command('config')
    .description('Check, show, and import the configuration (gateway.yaml).')
    .addHelpText(
      'after',
      examples(
        'scep-gateway config check gateway.yaml',
        'scep-gateway config show --json',
        'scep-gateway config import-ndes MSCEP.reg > gateway.yaml',
      ),
    )
    .addCommand(checkCommand())
    .addCommand(showCommand())
    .addCommand(importCommand());
}

const fileArgument = [
  '[file]',
  'a gateway.yaml (default: what SCEP_GATEWAY_CONFIG names, else the defaults)',
] as const;

function checkCommand(): Command {
  return new Command('check')
    .description('Everything that is wrong with a configuration, with line and column.')
    .argument(...fileArgument)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
It exits with 3 when a gateway would not start with it. Secrets are looked up, not shown.

Examples:
  scep-gateway config check gateway.yaml
  scep-gateway config check --json gateway.yaml | jq .problems`,
    )
    .action(async (file: string | undefined, { json }: { json?: boolean }) => {
      const outcome = await loadWithFiles(file).catch((error: unknown) => {
        if (error instanceof ConfigFault) return error;
        throw error;
      });
      if (outcome instanceof ConfigFault) {
        if (json) print(JSON.stringify({ valid: false, problems: outcome.problems }, null, 2));
        else print(outcome.message);
        process.exitCode = exitCodeOf(outcome);
        return;
      }
      const { warnings } = outcome;
      const lists = await listAges(outcome.config, () => new Date());
      if (json)
        print(JSON.stringify({ valid: true, file: outcome.file, warnings, lists }, null, 2));
      else print(verdict(outcome, lists));
    });
}

function verdict({ file, config, warnings }: ResolvedConfig, lists: readonly ListAge[]): string {
  const counted = (record: object, name: string) =>
    `${Object.keys(record).length} ${name}${Object.keys(record).length === 1 ? '' : 's'}`;
  return [
    ...warnings.map(({ key, warning }) => `warning: ${key}: ${warning}`),
    ...lists.map(
      ({ name, entries, date, ageDays }) =>
        `list ${name}: ${entries} ${entries === 1 ? 'entry' : 'entries'} of ${date}, ${ageDays} days old`,
    ),
    `${file ?? 'the defaults'}: valid, ${counted(config.profiles, 'profile')}, ${counted(config.issuers, 'issuer')}`,
  ].join('\n');
}

function showCommand(): Command {
  return new Command('show')
    .description('The configuration in force, defaults filled in. Secrets stay references.')
    .argument(...fileArgument)
    .option('--json', 'print JSON instead of YAML')
    .addHelpText(
      'after',
      `
Examples:
  scep-gateway config show
  scep-gateway config show --json gateway.yaml | jq .profiles.default.policy`,
    )
    .action(async (file: string | undefined, { json }: { json?: boolean }) => {
      const resolved = await load(file);
      const config = withoutHashes(resolved.config);
      if (json) print(JSON.stringify(config, null, 2));
      else print(stringify(config, { lineWidth: 0 }).trimEnd());
      note(`from ${resolved.file ?? 'the defaults (no SCEP_GATEWAY_CONFIG)'}`);
    });
}

/** A hash is no password, but whoever has it can guess at leisure. */
function withoutHashes(config: GatewayConfig): GatewayConfig {
  return {
    ...config,
    accounts: config.accounts.map((account) =>
      account.passwordHash === undefined
        ? account
        : { ...account, passwordHash: 'scrypt$… (not shown)' },
    ),
  };
}

function importCommand(): Command {
  return new Command('import-ndes')
    .description('Make a gateway.yaml from the exported registry of an NDES server.')
    .argument('[file]', 'MSCEP.reg; without it, or with -, standard input')
    .addHelpText(
      'after',
      `
The file goes to standard output; what could not be carried over goes to standard error.

Example, after this on the NDES server:
  reg export HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP MSCEP.reg
  scep-gateway config import-ndes MSCEP.reg > gateway.yaml`,
    )
    .action(async (file: string | undefined) => {
      const { yaml, notes } = ndesRegistryToConfig(await readInput(file));
      print(yaml.trimEnd());
      for (const text of notes) note(`note: ${text}`);
    });
}

/** Warnings about files among the others. */
async function loadWithFiles(file: string | undefined): Promise<ResolvedConfig> {
  const resolved = await load(file);
  const clock = () => new Date();
  const files = await checkFiles(resolved, clock());
  const ages = (await listAges(resolved.config, clock)).flatMap(ageWarning);
  return { ...resolved, warnings: [...resolved.warnings, ...files, ...ages] };
}

function ageWarning({ name, date, ageDays, maxAgeDays, old }: ListAge) {
  if (!old) return [];
  const warning = `the list is of ${date}, ${ageDays} days ago and more than ${maxAgeDays}: get the current one`;
  return [{ key: `access.lists.${name}`, warning }];
}

async function load(file: string | undefined): Promise<ResolvedConfig> {
  if (file === undefined) return loadConfig({ environment: process.env });
  try {
    await access(file, constants.R_OK);
  } catch (cause) {
    throw new GatewayError('config.unreadable', `The file ${file} cannot be read.`, { cause });
  }
  return loadConfig({ environment: { ...process.env, SCEP_GATEWAY_CONFIG: file } });
}
