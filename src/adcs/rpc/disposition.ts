import { failureCode } from '../hresult.js';
import type { CaAnswer, CaQuestion } from '../ca-answer.js';
import type { CertServerAnswer } from './cert-server-request.js';

/** `pdwDisposition` (MS-WCCE §3.2.1.4.2.1.3 for status inspection). Every other failure is an HRESULT. */
const dispositions = {
  incomplete: 0,
  error: 1,
  denied: 2,
  issued: 3,
  issuedOutOfBand: 4,
  underSubmission: 5,
  revoked: 6,
} as const;

/** CERTSRV_E_PROPERTY_EMPTY: the CA has no such request of its own. */
const propertyEmpty = 0x80094004;

/**
 * What the CA said, from the three places where it may say it: the return value, the disposition, and an
 * HRESULT in place of the disposition, which is what the policy module refuses with. A code of success in
 * the place of a failure gives no reason, so nothing is refused for it: what became of the request is unknown.
 */
export function answerOf(answer: CertServerAnswer, question: CaQuestion): CaAnswer {
  const { disposition, message } = answer;
  const requestId = String(answer.requestId);
  const returned = failureCode(answer.returned);
  const said = { message: message === '' ? undefined : message };
  const failed = (hresult: number | undefined): CaAnswer => ({
    kind: 'failed',
    hresult,
    ...said,
    requestId: answer.requestId === 0 ? undefined : requestId,
  });
  if (returned !== undefined && disposition !== dispositions.denied) return failed(returned);
  switch (disposition) {
    case dispositions.issued:
      return { kind: 'issued', requestId };
    case dispositions.underSubmission:
      return { kind: 'pending', requestId };
    case dispositions.denied:
    case dispositions.revoked:
      return { kind: 'denied', requestId, hresult: returned, ...said };
    case dispositions.incomplete: {
      const isWhole = question === 'retrieve' && answer.returned === 0;
      return failed(isWhole ? propertyEmpty : undefined);
    }
    case dispositions.error:
    case dispositions.issuedOutOfBand:
      return failed(undefined);
    default: {
      const hresult = failureCode(disposition);
      // With an id it stands in the database of the CA as failed or denied: that is its end.
      return hresult === undefined || answer.requestId === 0
        ? failed(hresult)
        : { kind: 'denied', requestId, hresult, ...said };
    }
  }
}
