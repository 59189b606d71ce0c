/** Active Directory Certificate Services as an issuer. */
export type { AdcsIssuer } from './adcs-issuer.js';
export type { CaAnswer } from './ca-answer.js';
export { checkCaChain } from './ca-chain.js';
export { givenChain } from './ca-chain-source.js';
export { isCoSigned, type CoSigning } from './co-signing.js';
export { faultOfAgent, faultOfUse } from './enrollment-agent.js';
export { failureCode, hresultInText, hresultText } from './hresult.js';
export { hresultTable, meaningOf } from './hresult-meaning.js';
export { openCesIssuer } from './ces/open-issuer.js';
export { enrollRa } from './ra-enrollment.js';
export { outcomeOf } from './refusal.js';
export { fixedTemplate, type TemplateRule } from './template-choice.js';
export { certPassage } from './rpc/cert-server-request.js';
export { openRpcIssuer } from './rpc/open-issuer.js';
export { openWebEnrollmentIssuer } from './webenroll/open-issuer.js';
