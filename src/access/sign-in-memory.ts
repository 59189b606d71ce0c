import { createHmac, randomBytes } from 'node:crypto';

/** Stands for one (account, password, password hash); useless outside this process. */
type SignInKey = string & { readonly __brand: 'SignInKey' };

export interface SignInMemory<T> {
  key(account: string, password: string, passwordHash: string): SignInKey;
  /** True when this very sign-in was found right a short while ago. */
  knows(key: SignInKey): boolean;
  remember(key: SignInKey): void;
  /** Callers with the same key share the check that is already under way. */
  together(key: SignInKey, check: () => Promise<T>): Promise<T>;
}

/**
 * MDMs fetch a thousand challenges a second with the same credentials: what scrypt found right is
 * believed for `millis`, what it found wrong is never remembered. A changed password hash is another key.
 */
export function createSignInMemory<T>(options: {
  readonly clock: () => Date;
  readonly millis: number;
  readonly entries: number;
}): SignInMemory<T> {
  const secret = randomBytes(32);
  const known = new Map<SignInKey, number>();
  const running = new Map<SignInKey, Promise<T>>();

  return {
    key(account, password, passwordHash) {
      const hmac = createHmac('sha256', secret);
      for (const part of [account, password, passwordHash]) {
        hmac.update(`${Buffer.byteLength(part)}:`).update(part);
      }
      return hmac.digest('base64') as SignInKey;
    },
    knows(key) {
      const until = known.get(key);
      if (until === undefined) return false;
      const left = until - options.clock().getTime();
      // More than was ever given: the clock was set back.
      if (left > 0 && left <= options.millis) return true;
      known.delete(key);
      return false;
    },
    remember(key) {
      known.delete(key);
      known.set(key, options.clock().getTime() + options.millis);
      const [oldest] = known.keys();
      if (known.size > options.entries && oldest !== undefined) known.delete(oldest);
    },
    together(key, check) {
      const current = running.get(key);
      if (current) return current;
      const started = check().finally(() => running.delete(key));
      running.set(key, started);
      return started;
    },
  };
}
