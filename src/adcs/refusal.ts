import type { IssuanceOutcome } from '../issuer/index.js';
import type { CaAnswer, CaQuestion } from './ca-answer.js';
import { hresultText, type Hresult } from './hresult.js';
import type { HresultEntry } from './hresult-entry.js';
import { meaningOf } from './hresult-meaning.js';

type Failed = Extract<CaAnswer, { readonly kind: 'denied' | 'failed' }>;

/**
 * The one place where a no of AD CS becomes an outcome. Permanent and configuration faults are refusals
 * (FAILURE to the device, as NDES answers); what passes by itself, and a refused login, never are.
 */
export function outcomeOf(answer: Failed, question: CaQuestion): IssuanceOutcome {
  const { hresult } = answer;
  const meaning = hresult === undefined ? undefined : meaningOf(hresult);
  const detail = detailOf(answer, meaning);
  if (isRefusal(answer, meaning, question)) {
    return {
      kind: 'refused',
      text: deviceText(hresult, meaning),
      detail,
      ...(hresult !== undefined && { hresult }),
    };
  }
  return {
    kind: 'unavailable',
    submission: submissionOf(answer, meaning),
    detail,
    ...(meaning?.class === 'configuration' && { mend: meaning.nextStep }),
  };
}

function isRefusal(
  { kind }: Failed,
  meaning: HresultEntry | undefined,
  question: CaQuestion,
): boolean {
  if (question === 'retrieve') {
    // Who may not ask has heard nothing of the request, even where CES or the CA calls that a denial.
    if (meaning?.login || meaning?.ofCaller) return false;
    // Any other denial of a request that waited is the last word on it, whatever the reason.
    return kind === 'denied' || meaning?.unknownRequest === true;
  }
  if (meaning?.login) return false;
  if (kind === 'denied') return meaning?.class !== 'transient';
  return meaning !== undefined && meaning.class !== 'transient';
}

/** A recorded denial is an end; an error page without a known reason may hide a request that was taken. */
function submissionOf({ kind }: Failed, meaning: HresultEntry | undefined): 'none' | 'unknown' {
  if (kind === 'denied') return 'none';
  return meaning === undefined || meaning.mayHaveHappened ? 'unknown' : 'none';
}

/** Says nothing the CA said: its message may name accounts, servers and templates. */
function deviceText(hresult: Hresult | undefined, meaning: HresultEntry | undefined): string {
  if (hresult === undefined || meaning === undefined) return 'The CA refused the request.';
  const code = hresultText(hresult);
  return meaning.class === 'permanent'
    ? `The CA refused the request: ${meaning.meaning} (${code}).`
    : `The CA refused the request for a reason that its administrator must mend (${code}).`;
}

function detailOf(answer: Failed, meaning: HresultEntry | undefined): string {
  const { kind, hresult, message, requestId } = answer;
  return [
    kind === 'denied' ? 'The CA denied the request' : 'The CA answered with an error',
    requestId === undefined ? '' : `, request id ${requestId}`,
    hresult === undefined || meaning === undefined
      ? '.'
      : `: ${codeAndName(hresult, meaning)}, ${meaning.class}: ${meaning.meaning}. ${meaning.nextStep}`,
    message === undefined ? '' : ` The CA's words: ${quoted(message)}`,
  ].join('');
}

function codeAndName(hresult: Hresult, { name }: HresultEntry): string {
  const code = hresultText(hresult);
  return name === code ? code : `${code} ${name}`;
}

/** One printable line of bounded length: the CA is not trusted with the shape of our log. */
function quoted(text: string): string {
  const line = text.replace(/[\p{C}\s]+/gu, ' ').trim();
  return JSON.stringify(line.length > 400 ? `${line.slice(0, 400)}…` : line);
}
