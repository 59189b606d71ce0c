import type { EnrollmentStore, SettingsStore } from '../../store/index.js';
import type { Certificate, PublicKey, RsaKey } from '../../x509/index.js';
import type { Authority } from '../authority.js';

export type RsaKeyBits = 2048 | 3072 | 4096;

/** The fields of a `kind: local` issuer in the configuration. */
export interface LocalAuthoritySettings {
  readonly hierarchy: 'root' | 'root-and-issuing';
  /** Distinguished name of the issuing CA, as text. */
  readonly subject: string;
  readonly rootSubject: string;
  readonly keyBits: RsaKeyBits;
  readonly rootYears: number;
  readonly issuingYears: number;
  readonly raSubject: string;
  readonly raKeyBits: RsaKeyBits;
  readonly raYears: number;
  readonly raOverlapDays: number;
  readonly raCertificates: 'split' | 'single';
  readonly crlHours: number;
  readonly backdateMinutes: number;
}

/** Private keys by name, as the authority needs them (the key store of `src/keys`). */
export interface AuthorityKeys {
  load(name: string): Promise<RsaKey>;
  has(name: string): Promise<boolean>;
  /** Refuses to overwrite. */
  generate(name: string, bits: RsaKeyBits): Promise<RsaKey>;
  /** Keeps a PKCS#8 PEM key; refuses to overwrite. */
  import(name: string, pkcs8Pem: string): Promise<RsaKey>;
}

/** Where issued and revoked certificates are on record. */
export type AuthorityRecords = Pick<
  EnrollmentStore,
  'addCertificate' | 'certificate' | 'revoked' | 'revocationVersion'
>;

/** Where the authority keeps its certificates: keys and this are its whole state. */
export type AuthorityState = Pick<SettingsStore, 'get' | 'swap' | 'next'>;

/** A certificate from outside with its private key. A secret: never log. */
export type ImportedKeyPair = {
  /** The certificate of that key and, for a CA, the CAs above it, in any order. */
  readonly certificates: readonly Certificate[];
} & (
  | {
      /** PKCS#8 or PKCS#1 PEM, not encrypted. */
      readonly privateKeyPem: string;
    }
  | { readonly keyInPlace: KeyInPlace }
);

/** A private key that is where it shall stay, and has no name in the key store yet. */
interface KeyInPlace {
  readonly publicKey: PublicKey;
  /** Gives it one; refuses to overwrite. */
  readonly adopt: (name: string) => Promise<RsaKey>;
}

export interface LocalAuthorityOptions {
  /** Name of the issuer in the configuration: `[a-z][a-z0-9-]*`. */
  readonly name: string;
  readonly settings: LocalAuthoritySettings;
  readonly keys: AuthorityKeys;
  readonly records: AuthorityRecords;
  readonly state: AuthorityState;
  /** How devices reach the gateway; CDP and AIA stand in certificates only where it is set. */
  readonly publicUrl: string | undefined;
  /** True when a profile publishes the CA alone (`ca-only`): devices encrypt to the CA's own key. */
  readonly caIsRecipient: boolean;
  readonly imported?: {
    readonly ca?: ImportedKeyPair;
    /** One for both usages, or two: signing and encryption in any order. */
    readonly ra?: readonly ImportedKeyPair[];
  };
  readonly clock?: () => Date;
  readonly randomBytes?: (size: number) => Buffer;
}

export interface RolloverOrder {
  /** Name of the next CA; by default the present name with its generation (`… G2`). */
  readonly subject?: string;
  /** Also a new root, where there are two levels; happens by itself when the root would end first. */
  readonly newRoot?: boolean;
  /** The next CA comes from outside instead. */
  readonly imported?: ImportedKeyPair;
}

export interface RolloverStatus {
  readonly current: Certificate;
  /** Prepared, announced by GetNextCACert, not yet issuing. */
  readonly next: Certificate | undefined;
  readonly retired: readonly { readonly certificate: Certificate; readonly retiredAt: Date }[];
}

/** The embedded CA with its RA: it can be replaced without cutting devices off. */
export interface LocalAuthority extends Authority {
  readonly kind: 'local';
  readonly thumbprintCertificate: Certificate;
  rolloverStatus(): RolloverStatus;
  /** @throws GatewayError `cli.usage` when one is prepared already, `config.invalid` for a bad import */
  prepareRollover(order?: RolloverOrder): Promise<RolloverStatus>;
  /** The prepared CA issues from now on. @throws GatewayError `cli.not-found` when none is prepared */
  activateRollover(): Promise<RolloverStatus>;
  /** Forgets a prepared CA. @throws GatewayError `cli.not-found` when none is prepared */
  discardRollover(): Promise<RolloverStatus>;
}
