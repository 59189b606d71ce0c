import type { CaReply } from '../ca-interface.js';
import { hresultInText } from '../hresult.js';
import { readCertificate } from './certificate-body.js';
import { failedPage } from './failed-page.js';
import { Page } from './page.js';

export type Retrieved = Exclude<CaReply, { readonly kind: 'issued' | 'unavailable' }>;

/**
 * What `certnew.cer?ReqID=<id>` answered: the certificate, or a page with the disposition of the request
 * (MS-WCCE §3.2.1.4.2.1.4.4, `Disposition`) in hex. The body decides; its Content-Type follows the User-Agent.
 */
export function readRetrieval(body: Buffer, requestId: string): Retrieved {
  const certificate = readCertificate(body);
  if (certificate) return { kind: 'certificate', requestId, certificate };
  const page = Page.parse(body);
  const disposition = page.textAfter('locDispLabel', 'dd');
  const code = /^\s*(?:0x)?([0-9a-fA-F]{1,8})\b/.exec(disposition ?? '')?.[1];
  if (code === undefined) return failedPage(page);
  const message = page.textAfter('locDispMsgLabel', 'dd');
  const hresult = hresultInText(page.text);
  switch (Number.parseInt(code, 16)) {
    case dispositions.underSubmission:
      return { kind: 'pending', requestId };
    case dispositions.denied:
    case dispositions.revoked:
      return { kind: 'denied', requestId, hresult, message };
    case dispositions.incomplete:
      return { kind: 'failed', hresult: hresult ?? propertyEmpty, message };
    default:
      return failedPage(page);
  }
}

const dispositions = { incomplete: 0, denied: 2, underSubmission: 5, revoked: 6 } as const;

/** CERTSRV_E_PROPERTY_EMPTY: the CA has no such request. */
const propertyEmpty = 0x80094004;
