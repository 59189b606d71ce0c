import type { IssuanceOutcome } from '../issuer/index.js';

/** The CA could not answer; see IssuanceOutcome. */
export type Unavailable = Extract<IssuanceOutcome, { readonly kind: 'unavailable' }>;
