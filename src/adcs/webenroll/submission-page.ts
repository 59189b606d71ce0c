import type { CaAnswer } from '../ca-answer.js';
import { hresultInText } from '../hresult.js';
import { Page } from './page.js';
import { failedPage } from './failed-page.js';

/**
 * What `certfnsh.asp` says of a request just posted. Read by element ids, which are the same in every
 * language; the status is 200 for each of them. A page that says two things says nothing.
 */
export function readSubmissionPage(body: Buffer): CaAnswer {
  const page = Page.parse(body);
  const refusal = page.textOf('locInfoReqIDandReason') ?? page.textOf('locDenied');
  if (refusal !== undefined) {
    return {
      kind: 'denied',
      requestId: numberIn(refusal),
      hresult: hresultInText(refusal),
      message: quotedPart(refusal),
    };
  }
  const issued = new Set(page.links.flatMap(requestIdOfLink));
  const waiting = page.textOf('locInfoReqID');
  const pending = waiting === undefined ? undefined : numberIn(waiting);
  const [requestId] = issued;
  if (waiting === undefined && requestId !== undefined && issued.size === 1) {
    return { kind: 'issued', requestId };
  }
  if (issued.size === 0 && pending !== undefined) return { kind: 'pending', requestId: pending };
  return failedPage(page);
}

/** `certnew.cer?ReqID=81&Enc=b64`; that of the CA (`ReqID=CACert`) is none. */
function requestIdOfLink(href: string): string[] {
  const id = /(?:^|\/)certnew\.cer\?(?:[^#]*&)?ReqID=(\d{1,10})(?:&|$)/i.exec(href)?.[1];
  return id === undefined ? [] : [id];
}

/** The first integer outside quotes that stands for itself: the number in `0x80094800` is none. */
function numberIn(text: string): string | undefined {
  const unquoted = text.replace(/"[^"]*"?/g, ' ');
  return /(?<![\p{L}\p{N}.-])\d{1,10}(?![\p{L}\p{N}])/u.exec(unquoted)?.[0];
}

/** The disposition message; the whole text in languages that quote otherwise. */
function quotedPart(text: string): string {
  return (/"(.*)"/s.exec(text)?.[1] ?? text).trim();
}
