/** Active Directory Certificate Services as an issuer. */
export type { CaAnswer } from './ca-answer.js';
export { hresultInText, hresultText, toHresult } from './hresult.js';
export { hresultTable, meaningOf } from './hresult-meaning.js';
export { outcomeOf } from './refusal.js';
