/** Small durable facts that are neither configuration nor records: CRL numbers, accounts, tokens. */

export interface AccountRecord {
  readonly name: string;
  /** Encoded scrypt hash, `scrypt$N$r$p$salt$hash`, base64url. */
  readonly passwordHash: string;
  readonly roles: readonly string[];
  readonly createdAt: Date;
}

export interface ApiTokenRecord {
  readonly id: string;
  readonly account: string;
  /** SHA-256 of the token, hex (tokens are 256-bit random). */
  readonly digest: string;
  readonly createdAt: Date;
  readonly expiresAt: Date | undefined;
  /** What it may do of what its account may; undefined: all of it. */
  readonly roles?: readonly string[] | undefined;
  /** Profiles it may fetch challenges for, of those of its account; undefined: all of them. */
  readonly profiles?: readonly string[] | undefined;
}

export interface SettingsStore {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string): Promise<void>;
  /**
   * Compare and swap: writes `value` only while the key still holds `expected` (undefined: absent).
   * False, and nothing written, when another process was quicker.
   */
  swap(key: string, expected: string | undefined, value: string): Promise<boolean>;
  /** Atomically adds one to a counter and returns it; the first call returns 1. */
  next(counter: string): Promise<number>;

  account(name: string): Promise<AccountRecord | undefined>;
  putAccount(record: AccountRecord): Promise<void>;
  accounts(): Promise<readonly AccountRecord[]>;

  tokenByDigest(digest: string): Promise<ApiTokenRecord | undefined>;
  putToken(record: ApiTokenRecord): Promise<void>;
  tokens(): Promise<readonly ApiTokenRecord[]>;
  removeToken(id: string): Promise<boolean>;
}
