import type {
  Account,
  AccountSource,
  AuthenticationOutcome,
  Authenticator,
} from './access.types.js';
import { readBasicCredentials } from './basic-credentials.js';
import type { DirectoryAccounts } from './directory-accounts.js';
import { whileLocked, wrongPassword } from './locked-account.js';
import type { Lockout } from './lockout.js';
import { unmatchableHash, verifyPassword } from './password.js';
import { createSignInMemory } from './sign-in-memory.js';
import { signInName } from './sign-in-name.js';
import { createWorkSlots } from './work-slots.js';

const checksAtOnce = 2;
const checksWaiting = 32;
const rememberedMillis = 5 * 60_000;
const rememberedSignIns = 1000;

/**
 * HTTP Basic against our accounts. Unknown accounts and wrong passwords cost the same and look the
 * same; a locked account refuses even the right password, without checking it.
 */
export function createBasicAuthenticator(options: {
  readonly accounts: AccountSource;
  readonly lockout: Lockout;
  readonly clock: () => Date;
  /** Asked about names that are none of our accounts. */
  readonly directory?: Pick<DirectoryAccounts, 'signIn'> | undefined;
  /** Takes the place of scrypt in tests. */
  readonly verify?: typeof verifyPassword;
}): Authenticator {
  const { accounts, lockout, clock, directory, verify = verifyPassword } = options;
  const slots = createWorkSlots(checksAtOnce, checksWaiting);
  const memory = createSignInMemory<AuthenticationOutcome>({
    clock,
    millis: rememberedMillis,
    entries: rememberedSignIns,
  });
  const nobody = unmatchableHash();

  /** An account of ours hides one of the directory. */
  async function signIn(typed: string, password: string): Promise<AuthenticationOutcome> {
    const name = signInName(typed);
    const account = await accounts.find(name);
    const elsewhere = account ? undefined : directory?.signIn(typed, password);
    if (elsewhere) return elsewhere;
    const passwordHash = account?.passwordHash ?? nobody;
    const guessed = { name, account };
    const refused = await whileLocked(lockout, guessed);
    if (refused) return refused;
    const key = memory.key(name, password, passwordHash);
    if (account && memory.knows(key)) return authenticated(account);
    return memory.together(key, () =>
      slots.run(async () => {
        // Guesses that queued up while the account was being locked get no check.
        const lockedMeanwhile = await whileLocked(lockout, guessed);
        if (lockedMeanwhile) return lockedMeanwhile;
        const right = await verify(password, passwordHash);
        if (!right || !account) return wrongPassword(lockout, guessed);
        memory.remember(key);
        return (await whileLocked(lockout, guessed)) ?? authenticated(account);
      }),
    );
  }

  return {
    challenge: 'Basic realm="Network Device Enrollment Service"',
    async authenticate(request) {
      const credentials = readBasicCredentials(request.headers.authorization);
      if (credentials === undefined) return undefined;
      if (credentials === 'malformed') return { kind: 'wrong', account: undefined };
      return signIn(credentials.user, credentials.password);
    },
  };
}

function authenticated(account: Account): AuthenticationOutcome {
  const { name, roles, quota, profiles } = account;
  return {
    kind: 'authenticated',
    principal: { account: name, roles, quota, profiles, scheme: 'basic' },
  };
}
