/** Configuration → how accounts sign in. */
import { hostname } from 'node:os';
import {
  createAccountSource,
  createBasicAuthenticator,
  createCertificateAuthenticator,
  createLockout,
  createTokenAuthenticator,
  hashPassword,
  type Account,
  type AccountSource,
  type Authenticator,
  type CertificateBinding,
  type OpenTallyBook,
} from '../access/index.js';
import type { GatewayConfig, ResolvedConfig } from '../config/index.js';
import type { Log } from '../telemetry/index.js';
import { administratorQuota } from './administrator.js';
import type { DataDirectory } from './data-directory.js';
import { openDirectoryAccounts } from './directory.js';
import { openNegotiate } from './negotiate.js';

export interface Authenticators {
  /** For the admin page: what MDMs that scrape it understand. */
  readonly page: readonly Authenticator[];
  readonly api: readonly Authenticator[];
}

/** Offered in this order, the strongest first, as IIS does: clients that take the first do well with it. */
export async function createAuthenticators(
  resolved: ResolvedConfig,
  data: Pick<DataDirectory, 'settings'>,
  options: {
    readonly certificates: readonly CertificateBinding[];
    readonly clock: () => Date;
    readonly log: Log;
    /** Where several gateways count together. */
    readonly share?: ((counter: string) => OpenTallyBook) | undefined;
  },
): Promise<Authenticators> {
  const { config } = resolved;
  const { certificates, clock, log, share } = options;
  const accounts = await accountSource(resolved, data);
  const lockout = createLockout({
    failures: config.lockout.failures,
    seconds: config.lockout.minutes * 60,
    share: share?.('lockout'),
    lockedTogether: lockReporter(log, 'gateway'),
  });
  const directory = await openDirectoryAccounts(resolved, {
    clock,
    share: share?.('directory-lockout'),
    lockedTogether: lockReporter(log, 'directory'),
  });
  const byTicket = await openNegotiate(config, { accounts, directory, log });
  const byNtlm = await openNtlm(config, { accounts, lockout, clock });
  const page = [
    ...(byTicket ? [byTicket] : []),
    ...(byNtlm ? [byNtlm] : []),
    createBasicAuthenticator({ accounts, lockout, clock, directory }),
  ];
  const byToken = createTokenAuthenticator({ tokens: data.settings, accounts, clock });
  const byCertificate =
    certificates.length > 0
      ? [createCertificateAuthenticator({ bindings: certificates, accounts })]
      : [];
  return { page: [...page, ...byCertificate], api: [...page, byToken, ...byCertificate] };
}

/** Undefined where it is off. */
async function openNtlm(
  { access, publicUrl }: GatewayConfig,
  parts: Pick<Parameters<typeof createBasicAuthenticator>[0], 'accounts' | 'lockout' | 'clock'>,
): Promise<Authenticator | undefined> {
  const { ntlm } = access.signIn;
  if (!ntlm.enabled) return undefined;
  const { createNtlmAuthenticator } = await import('../access/ntlm/index.js');
  return createNtlmAuthenticator({
    ...parts,
    channelBindingRequired: ntlm.channelBinding === 'required',
    micRequired: ntlm.mic === 'required',
    host: publicUrl === undefined ? hostname() : new URL(publicUrl).hostname,
  });
}

/** What one gateway locks by itself has a record in the audit trail. */
function lockReporter(log: Log, of: 'gateway' | 'directory') {
  return (account: string | undefined) =>
    log.warn('account locked: failed sign-ins at several gateways together', { of, account });
}

async function accountSource(
  { config, readSecret }: ResolvedConfig,
  data: Pick<DataDirectory, 'settings'>,
): Promise<AccountSource> {
  const configured = config.accounts.map(async (account): Promise<Account> => {
    const password = account.password && (await readSecret(account.password));
    return {
      name: account.name,
      passwordHash: account.passwordHash ?? (password && (await hashPassword(password))),
      ntHash: config.access.signIn.ntlm.enabled && password ? await ntHashOf(password) : undefined,
      roles: account.roles,
      quota: account.quota,
      profiles: account.profiles,
    };
  });
  return createAccountSource({
    settings: data.settings,
    configured: await Promise.all(configured),
    storedQuota: administratorQuota,
  });
}

async function ntHashOf(password: string): Promise<NonNullable<Account['ntHash']>> {
  const { ntHash } = await import('../ntlm/index.js');
  return ntHash(password);
}
