/** Accounts in Active Directory: proven by a bind as the user, rights by groups. LDAPS only. */

export interface DirectoryOptions {
  /** `ldaps://dc1.corp.example`, in the order they are tried. */
  readonly servers: readonly string[];
  /** CA certificates to trust instead of those of the system, PEM. */
  readonly ca: string | undefined;
  /** NetBIOS name, `CORP`. */
  readonly domain: string;
  /** DNS name, `corp.example`. */
  readonly dnsDomain: string;
  /** Suffixes of user principal names besides the DNS name, in lower case. */
  readonly upnSuffixes: readonly string[];
  /** Where accounts and groups are looked for, `DC=corp,DC=example`. */
  readonly baseDn: string;
  /** Names (sAMAccountName) or distinguished names; what `DirectoryUser.groups` is made of. */
  readonly groups: readonly string[];
  /** For connecting, and for each answer. */
  readonly millis: number;
  /** Reads what other accounts are; without it only a bind as the user tells. */
  readonly service: DirectoryService | undefined;
  readonly clock: () => Date;
}

interface DirectoryService {
  /** As people sign in: `svc@corp.example`. */
  readonly account: string;
  readonly password: () => Promise<string>;
}

export interface DirectoryUser {
  /** `mdm@corp.example`: sAMAccountName in lower case and the domain, whatever was typed. */
  readonly account: string;
  /** Those of the options that it is in, directly or through others. */
  readonly groups: readonly string[];
}

export type DirectoryOutcome =
  | { readonly kind: 'user'; readonly user: DirectoryUser }
  | {
      readonly kind: 'refused';
      /**
       * `credentials`: wrong name or password, a guess. `account`: disabled, expired, locked, must change its
       * password. `unknown`: there is no such account.
       */
      readonly why: 'credentials' | 'account' | 'unknown';
      /** A sentence for the audit trail; never shown to the caller. */
      readonly reason: string;
    };

/** What was done and found, in order, for `directory test`. */
export type DirectoryReport = (step: DirectoryStep) => void;

export interface DirectoryStep {
  readonly step: 'connect' | 'bind' | 'account' | 'group';
  readonly ok: boolean;
  readonly text: string;
}

/** A name as somebody typed it, understood. */
export interface DirectoryName {
  /** What the server is asked to bind as. */
  readonly bindName: string;
  /** Part before the domain, in lower case. */
  readonly user: string;
  /** Of a `user@suffix` */
  readonly userPrincipalName: string | undefined;
}

export interface Directory {
  /** Undefined for a name that is not of this domain. */
  parseName(typed: string): DirectoryName | undefined;
  /**
   * Binds as the user and reads its groups.
   * @throws GatewayError `directory.unavailable` when no server answers
   */
  signIn(
    name: DirectoryName,
    password: string,
    report?: DirectoryReport,
  ): Promise<DirectoryOutcome>;
  /**
   * Reads account and groups with the service account: for somebody who has proven otherwise who it is.
   * @throws GatewayError `directory.unavailable`, also when there is no service account
   */
  lookUp(name: DirectoryName, report?: DirectoryReport): Promise<DirectoryOutcome>;
}
