/** Configuration → accounts of the directory. */
import { readFile } from 'node:fs/promises';
import {
  createDirectoryAccounts,
  createLockout,
  directoryRights,
  type DirectoryAccounts,
} from '../access/index.js';
import type { GatewayConfig, ResolvedConfig } from '../config/index.js';
import type { Directory, DirectoryStep } from '../directory/index.js';
import { GatewayError } from '../errors/index.js';
import { secretNow } from './secret-now.js';

type DirectoryConfig = NonNullable<GatewayConfig['directory']>;

/** @throws GatewayError `config.unreadable` when the CA file cannot be read */
async function openDirectory(
  settings: DirectoryConfig,
  { readSecret }: Pick<ResolvedConfig, 'readSecret'>,
  clock: () => Date,
): Promise<Directory> {
  const { service, dnsDomain, timeoutSeconds, groups, ca, ...rest } = settings;
  const { createDirectory } = await import('../directory/index.js');
  return createDirectory({
    ...rest,
    dnsDomain,
    ca: ca === undefined ? undefined : await readCa(ca),
    baseDn: settings.baseDn ?? baseDnOf(dnsDomain),
    groups: groups.map(({ group }) => group),
    millis: timeoutSeconds * 1000,
    // Read each time, so that a new password needs no restart.
    service: service && {
      account: service.account,
      password: () => secretNow(readSecret, service.password, 'directory.unavailable'),
    },
    clock,
  });
}

/** Undefined where no directory is configured. */
export async function openDirectoryAccounts(
  resolved: Pick<ResolvedConfig, 'config' | 'readSecret'>,
  {
    clock,
    ...together
  }: { readonly clock: () => Date } & Pick<
    Parameters<typeof createLockout>[0],
    'share' | 'lockedTogether'
  >,
): Promise<DirectoryAccounts | undefined> {
  const { directory: settings, data } = resolved.config;
  if (!settings) return undefined;
  const { failures, minutes } = settings.lockout;
  return createDirectoryAccounts({
    directory: await openDirectory(settings, resolved, clock),
    rights: settings.groups,
    // Each process counts for itself; the directory counts them all together.
    lockout: createLockout({
      failures: Math.max(1, Math.floor(failures / data.processes)),
      seconds: minutes * 60,
      ...together,
    }),
    clock,
    rememberMillis: settings.rememberSeconds * 1000,
  });
}

export interface DirectoryTest {
  readonly steps: readonly DirectoryTestStep[];
  /** What the account may do; undefined when it may not sign in. */
  readonly roles: readonly string[] | undefined;
  /** Why not. */
  readonly reason: string | undefined;
}

interface DirectoryTestStep {
  readonly step: DirectoryStep['step'] | 'name';
  readonly ok: boolean;
  readonly text: string;
}

/**
 * Goes through a sign-in step by step, without our own lock-out: one wrong password is one in the
 * directory.
 * @param password without it, what the service account sees
 * @throws GatewayError `cli.usage` when no directory is configured
 */
export async function testDirectory(
  resolved: Pick<ResolvedConfig, 'config' | 'readSecret'>,
  typed: string,
  password: string | undefined,
): Promise<DirectoryTest> {
  const { directory: settings } = resolved.config;
  if (!settings) {
    throw new GatewayError('cli.usage', 'No directory is configured.', {
      mend: 'Add `directory` to gateway.yaml; see access.md.',
    });
  }
  const directory = await openDirectory(settings, resolved, () => new Date());
  const steps: DirectoryTestStep[] = [];
  const name = directory.parseName(typed);
  if (!name) {
    const text = `${typed} is no name of the domain ${settings.domain} (${settings.dnsDomain})`;
    return { steps: [{ step: 'name', ok: false, text }], roles: undefined, reason: text };
  }
  steps.push({ step: 'name', ok: true, text: `understood as ${name.bindName}` });
  const report = (step: DirectoryStep) => void steps.push(step);
  try {
    const outcome =
      password === undefined
        ? await directory.lookUp(name, report)
        : await directory.signIn(name, password, report);
    if (outcome.kind === 'refused') return { steps, roles: undefined, reason: outcome.reason };
    const found = directoryRights(outcome.user, settings.groups);
    return found.kind === 'account'
      ? { steps, roles: found.account.roles, reason: undefined }
      : { steps, roles: undefined, reason: found.reason };
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'directory.unavailable') throw error;
    const reason = [error.message, error.detail].filter((part) => part !== undefined).join(' ');
    return { steps, roles: undefined, reason };
  }
}

async function readCa(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new GatewayError('config.unreadable', `The CA file ${path} cannot be read.`, { cause });
  });
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new GatewayError('config.unreadable', `The CA file ${path} holds no certificate in PEM.`);
}

function baseDnOf(dnsDomain: string): string {
  return dnsDomain
    .split('.')
    .map((label) => `DC=${label}`)
    .join(',');
}
