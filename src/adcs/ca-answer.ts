import type { Hresult } from './hresult.js';

/**
 * What AD CS said of one request, whichever interface it was asked through (MS-WCCE §3.2.1.4.2.1,
 * dispositions; web enrollment pages; WSTEP responses).
 */
export type CaAnswer =
  /** The certificate itself may have to be fetched by this id. */
  | { readonly kind: 'issued'; readonly requestId: string }
  | { readonly kind: 'pending'; readonly requestId: string }
  /** Recorded and refused: by the policy module or by a certificate manager. */
  | {
      readonly kind: 'denied';
      readonly requestId: string | undefined;
      readonly hresult: Hresult | undefined;
      /** In the CA's language; may name accounts. For the audit record only. */
      readonly message: string | undefined;
    }
  /** Not recorded as far as the CA says, or asked about and not known. */
  | {
      readonly kind: 'failed';
      /** Where the CA gave one and nothing to rely on beside it: for an operator who looks it up. */
      readonly requestId?: string | undefined;
      readonly hresult: Hresult | undefined;
      readonly message: string | undefined;
    };

/** The question an answer belongs to: a denial means something else to a poll than to a new request. */
export type CaQuestion = 'submit' | 'retrieve';
