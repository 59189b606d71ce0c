import type { CaAnswer } from '../ca-answer.js';
import { hresultInText, hresultText, type Hresult } from '../hresult.js';
import type { Page } from './page.js';

/** An error page of certsrv, of IIS or of somebody else: the HRESULT, where one is shown, and the words. */
export function failedPage(page: Page): Extract<CaAnswer, { readonly kind: 'failed' }> {
  const { text } = page;
  const hresult = hresultInText(text);
  return { kind: 'failed', hresult, message: text === '' ? undefined : around(text, hresult) };
}

/** The words before and after the number: pages begin with the name of the CA and a menu. */
function around(text: string, hresult: Hresult | undefined): string {
  const at =
    hresult === undefined ? 0 : text.search(new RegExp(`\\b${hresultText(hresult)}\\b`, 'i'));
  return text.slice(Math.max(0, at - 200), at + 300);
}
