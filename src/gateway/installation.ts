import type { ResolvedConfig } from '../config/index.js';
import { administratorState, foundAdministrator } from './administrator.js';
import { openIssuers, type Issuers } from './authorities.js';
import { openDataDirectory, type DataDirectory } from './data-directory.js';
import { NoticeBoard } from './notice-board.js';
import { inTurn } from './shared-database.js';
import { openConfiguredTokens, type OpenTokens } from './tokens.js';

/** An opened data directory with its CAs: enough for commands, and what a running gateway stands on. */
export interface Installation extends Issuers {
  readonly resolved: ResolvedConfig;
  readonly data: DataDirectory;
  readonly tokens: OpenTokens;
  /** What issuers say of their own accord. */
  readonly notices: NoticeBoard;
  /** The password of `admin`, when it was made just now: to be shown once. */
  readonly newAdministratorPassword: string | undefined;
  close(): Promise<void>;
}

/**
 * Opens the data directory; on the first start makes keys, CA, RA certificates and the administrator.
 * @throws GatewayError `config.*`, `keys.*`, `store.*`
 */
export async function openInstallation(
  resolved: ResolvedConfig,
  clock: () => Date = () => new Date(),
): Promise<Installation> {
  const data = await openDataDirectory(resolved, clock);
  let tokens: OpenTokens | undefined;
  const open = async () =>
    openIn(data, (tokens = await openConfiguredTokens(resolved)), resolved, clock);
  try {
    // Of gateways that start together one founds, and the others find what it made.
    return await (data.shared ? inTurn(data.shared, 'founding', open) : open());
  } catch (error) {
    await data.close();
    await tokens?.close();
    throw error;
  }
}

async function openIn(
  data: DataDirectory,
  tokens: OpenTokens,
  resolved: ResolvedConfig,
  clock: () => Date,
): Promise<Installation> {
  const notices = new NoticeBoard();
  const { settings } = data;
  const { adminPassword } = resolved;
  // At once: to check a password takes longer than to open the CAs.
  const [issuers, administrator] = await Promise.all([
    openIssuers({ resolved, data, tokens, notices, clock }),
    administratorState(settings, adminPassword),
  ]);
  // After the CAs: a password that was made for a start that fails would never be shown.
  const newAdministratorPassword = await foundAdministrator(
    settings,
    administrator,
    adminPassword,
    clock(),
  );
  return {
    resolved,
    data,
    ...issuers,
    tokens,
    notices,
    newAdministratorPassword,
    close: async () => {
      for (const upstream of issuers.upstreams.values()) upstream.close();
      // First what must not be left behind open: a token may hang.
      await data.close();
      await tokens.close();
    },
  };
}
