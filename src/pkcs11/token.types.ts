import type { CryptokiFunctions, SessionHandle, Slot } from './cryptoki.js';

/** A token of the configuration. */
export interface TokenSettings {
  /** In the configuration. */
  readonly name: string;
  /** Path of the PKCS #11 library. */
  readonly module: string;
  /** CKA_LABEL of the token as it was initialized; one of both is there. */
  readonly label?: string | undefined;
  readonly serial?: string | undefined;
  /** Operations at once. */
  readonly sessions: number;
  /** Longest wait for one operation. */
  readonly timeoutMillis: number;
  /** Read for each login; undefined where the token asks for it by itself or wants none. */
  readonly readPin: () => Promise<string | undefined>;
}

/** A session that nobody else uses. */
export interface TokenSession {
  readonly cryptoki: CryptokiFunctions;
  readonly handle: SessionHandle;
  readonly slot: Slot;
  /** Grows with each login: object handles are remembered no longer. */
  readonly login: number;
}

/** Which private key of a token: all that are given must be those of the key. */
export interface KeyAddress {
  readonly label?: string | undefined;
  /** CKA_ID, lower-case hex. */
  readonly id?: string | undefined;
}

export type RsaKeyUsage = 'sign' | 'sign-and-decrypt';
