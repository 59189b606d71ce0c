import type { Pkcs7Codec, RecipientKey } from '../../pkcs7/index.js';
import type { Certificate } from '../../x509/index.js';
import type { AtHand } from './at-hand.js';

/** What is known beside the bytes. */
export interface InspectContext {
  readonly codec: Pkcs7Codec;
  readonly atHand: AtHand | undefined;
  /** From --key and --cert. */
  readonly ownKeys: readonly RecipientKey[];
  /** From --challenge-password. */
  readonly password: string | undefined;
  /** CA, RA and other certificates at hand. */
  readonly certificates: readonly Certificate[];
}
