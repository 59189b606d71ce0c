import type { Certificate } from '../x509/index.js';
import type { CaAnswer } from './ca-answer.js';
import type { Unavailable } from './unavailable.js';

/** What asking AD CS comes to, through whichever of its interfaces. */
export type CaReply =
  | {
      readonly kind: 'certificate';
      readonly requestId: string;
      /** Not checked. */
      readonly certificate: Certificate;
      /** Certificates that came with it, in any order, not checked. */
      readonly bundle: readonly Certificate[];
    }
  | CaAnswer
  | Unavailable;
