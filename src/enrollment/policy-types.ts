import type { EcCurve, KeyUsage } from '../x509/index.js';

type SanType = 'dns' | 'email' | 'upn' | 'uri' | 'ip' | 'directory' | 'other';

/** What a CSR of a profile may ask for; the shape of `policy` in the configuration. */
export interface CsrPolicy {
  readonly rsaBits: { readonly min: number; readonly max: number };
  readonly ecCurves: readonly EcCurve[];
  readonly subject: { readonly allowEmpty: boolean; readonly pattern?: string | undefined };
  readonly san: {
    readonly types: readonly SanType[];
    readonly pattern?: string | undefined;
    readonly required: boolean;
  };
  readonly keyUsage: readonly KeyUsage[];
  readonly extendedKeyUsage: readonly string[];
  readonly extensions: readonly string[];
  readonly unlisted: 'strip' | 'refuse';
  readonly sidUri: 'strip' | 'refuse' | 'attested' | 'allow';
  /** The issuer tells its CA the names that were attested, where a request has none itself. */
  readonly attestedSan?: boolean;
  readonly validityDays: number;
  readonly honourRequestedValidity: boolean;
}

export interface RenewalPolicy {
  readonly allow: boolean;
  readonly windowDays: number;
  readonly graceDays: number;
  readonly sameKey: boolean;
}
