import type { Certificate } from '../../x509/index.js';

/**
 * What a caller showed of itself besides an address, by TLS or in the header of a proxy. Nothing of it is
 * judged yet: whoever asks for a certificate judges it by a trust list.
 */
export type PresentedCertificate =
  | { readonly kind: 'none'; readonly steps: readonly string[] }
  | {
      readonly kind: 'presented';
      readonly leaf: Certificate;
      /** What came with it, in the order it came; nothing says that they belong together. */
      readonly others: readonly Certificate[];
      /** What was looked at, in order, in words. */
      readonly steps: readonly string[];
    }
  /** A header that nobody may send, or that cannot be read; the last step says why. */
  | { readonly kind: 'refused'; readonly steps: readonly string[] };

export const noCertificateIsAskedFor: PresentedCertificate = {
  kind: 'none',
  steps: ['the listener asks for no certificate'],
};
