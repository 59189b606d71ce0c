import type {
  Directory,
  DirectoryName,
  DirectoryOutcome,
  DirectoryUser,
} from '../directory/index.js';
import type { Account, AuthenticationOutcome, Role } from './access.types.js';
import { whileLocked, wrongPassword } from './locked-account.js';
import type { Lockout } from './lockout.js';
import { createSignInMemory } from './sign-in-memory.js';
import { createTurns } from './turns.js';

/** What members of a group may do. */
export interface GroupRights {
  readonly group: string;
  readonly roles: readonly Role[];
  readonly quota: number;
  /** All when absent. */
  readonly profiles?: readonly string[] | undefined;
}

export interface DirectoryAccounts {
  /** Undefined for a name that is not of the domain. */
  signIn(typed: string, password: string): Promise<AuthenticationOutcome> | undefined;
  /** For somebody whose name is proven already. Undefined for a name that is not of the domain. */
  find(typed: string): Promise<DirectoryAccount> | undefined;
}

type DirectoryAccount =
  | { readonly kind: 'account'; readonly account: Account }
  | { readonly kind: 'none'; readonly reason: string };

const mostRemembered = 1000;
/** Of one account, behind the one that is being checked. */
const mostWaiting = 64;

/**
 * Accounts of the directory with the rights of their groups. Sign-ins of one account are checked one
 * after the other, and a locked one not at all: the directory sees fewer wrong passwords than it takes to
 * lock the account there, where it would lock everything else the account is used for.
 */
export function createDirectoryAccounts(options: {
  readonly directory: Directory;
  readonly rights: readonly GroupRights[];
  readonly lockout: Lockout;
  readonly clock: () => Date;
  /** How long what the directory said is believed. */
  readonly rememberMillis: number;
}): DirectoryAccounts {
  const { directory, rights, lockout, clock, rememberMillis } = options;
  const turns = createTurns(mostWaiting);
  const remembered = createSignInMemory<AuthenticationOutcome>({
    clock,
    millis: rememberMillis,
    entries: mostRemembered,
  });
  const accounts = new Map<string, { readonly account: Account; readonly until: number }>();

  async function check(name: DirectoryName, password: string): Promise<AuthenticationOutcome> {
    const refused = await locked(name);
    if (refused) return refused;
    const key = remembered.key(name.bindName, password, '');
    const known = accounts.get(key);
    if (known && remembered.knows(key)) return authenticated(known.account);
    accounts.delete(key);
    return remembered.together(key, () =>
      turns.take(name.user, async () => {
        const lockedMeanwhile = await locked(name);
        if (lockedMeanwhile) return lockedMeanwhile;
        const outcome = await directory.signIn(name, password);
        if (outcome.kind === 'refused') return refusal(name, outcome);
        const found = directoryRights(outcome.user, rights);
        if (found.kind === 'none') {
          return { kind: 'wrong', account: outcome.user.account, reason: found.reason };
        }
        remembered.remember(key);
        remember(key, found.account);
        return authenticated(found.account);
      }),
    );
  }

  function remember(key: string, account: Account): void {
    accounts.set(key, { account, until: clock().getTime() + rememberMillis });
    const [oldest] = accounts.keys();
    if (accounts.size > mostRemembered && oldest !== undefined) accounts.delete(oldest);
  }

  function locked({ user }: DirectoryName): Promise<AuthenticationOutcome | undefined> {
    return whileLocked(lockout, { name: user, account: undefined });
  }

  /** Only a wrong password is a guess; whether the account is there is not known then. */
  async function refusal(
    { user, bindName }: DirectoryName,
    { why, reason }: Extract<DirectoryOutcome, { readonly kind: 'refused' }>,
  ): Promise<AuthenticationOutcome> {
    if (why !== 'credentials') {
      return { kind: 'wrong', account: bindName, reason: `Directory: ${reason}` };
    }
    return wrongPassword(lockout, { name: user, account: undefined }, reason);
  }

  async function find(name: DirectoryName): Promise<DirectoryAccount> {
    const key = `\0${name.bindName}`;
    const known = accounts.get(key);
    if (known && known.until > clock().getTime())
      return { kind: 'account', account: known.account };
    accounts.delete(key);
    const outcome = await turns.take(name.user, () => directory.lookUp(name));
    if (outcome.kind === 'refused') return { kind: 'none', reason: `Directory: ${outcome.reason}` };
    const found = directoryRights(outcome.user, rights);
    if (found.kind === 'account') remember(key, found.account);
    return found;
  }

  return {
    signIn(typed, password) {
      const name = directory.parseName(typed);
      return name && check(name, password);
    },
    find(typed) {
      const name = directory.parseName(typed);
      return name && find(name);
    },
  };
}

/**
 * Rights of several groups add up. Quota and profiles belong to the right to fetch challenges: a group that
 * does not give it must not widen what another one gives.
 */
export function directoryRights(
  { account, groups }: DirectoryUser,
  rights: readonly GroupRights[],
): DirectoryAccount {
  const held = rights.filter(({ group }) => groups.includes(group));
  if (held.length === 0)
    return { kind: 'none', reason: `${account} is in no group with rights here.` };
  const fetching = held.filter(({ roles }) => roles.includes('challenge'));
  const all = fetching.some(({ profiles }) => profiles === undefined);
  return {
    kind: 'account',
    account: {
      name: account,
      passwordHash: undefined,
      roles: [...new Set(held.flatMap(({ roles }) => roles))],
      quota: Math.max(0, ...fetching.map(({ quota }) => quota)),
      profiles: all ? undefined : [...new Set(fetching.flatMap(({ profiles }) => profiles ?? []))],
    },
  };
}

function authenticated({ name, roles, quota, profiles }: Account): AuthenticationOutcome {
  return {
    kind: 'authenticated',
    principal: { account: name, roles, quota, profiles, scheme: 'basic' },
  };
}
