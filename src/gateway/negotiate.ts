/** Configuration → sign-in with Kerberos. */
import type {
  AccountSource,
  Authenticator,
  DirectoryAccounts,
  PrincipalAccounts,
} from '../access/index.js';
import type { GatewayConfig } from '../config/index.js';
import type { Log } from '../telemetry/index.js';

/**
 * Undefined where it is off.
 * @throws GatewayError `kerberos.library`, `kerberos.credentials`
 */
export async function openNegotiate(
  config: GatewayConfig,
  parts: {
    readonly accounts: AccountSource;
    readonly directory: DirectoryAccounts | undefined;
    readonly log: Log;
  },
): Promise<Authenticator | undefined> {
  const { negotiate } = config.access.signIn;
  if (!negotiate) return undefined;
  const { createNegotiateAuthenticator } = await import('../access/negotiate/index.js');
  const { openKerberos } = await import('../kerberos/index.js');
  const kerberos = await openKerberos();
  const acceptors = await kerberos.acceptors(negotiate.keytab);
  parts.log.info('Kerberos sign-in', { principals: acceptors.principals.join(', ') });
  return createNegotiateAuthenticator({
    acceptors,
    channelBinding: negotiate.channelBinding,
    accountOf: principalAccounts(config, parts),
  });
}

/**
 * A principal is an account only where the configuration says so, in whole: a realm that is trusted must
 * not bring an `mdm` of its own.
 */
function principalAccounts(
  config: GatewayConfig,
  { accounts, directory }: Pick<Parameters<typeof openNegotiate>[1], 'accounts' | 'directory'>,
): PrincipalAccounts {
  const named = new Map(
    config.accounts.flatMap(({ name, principals }) =>
      principals.map((principal) => [principal.toLowerCase(), name.toLowerCase()] as const),
    ),
  );
  const realm = config.directory?.dnsDomain.toUpperCase();
  return async (principal) => {
    const name = named.get(principal.toLowerCase());
    const account = name === undefined ? undefined : await accounts.find(name);
    if (account) return { kind: 'account', account };
    const [, user = '', of] = /^([^@\\/]+)@([^@]+)$/.exec(principal) ?? [];
    const found =
      of !== undefined && of === realm
        ? directory?.find(`${config.directory?.domain ?? ''}\\${user}`)
        : undefined;
    return found ?? { kind: 'none', reason: `${principal} has no account here.` };
  };
}
