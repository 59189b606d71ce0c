/** An NDES or another SCEP server behind the gateway: relayed to, or enrolled with on behalf of devices. */
export { adminPageSource } from './admin-page-source.js';
export { challengePrecheck } from './challenge-precheck.js';
export { createCircuitBreaker, type CircuitBreaker } from './circuit-breaker.js';
export { ReEnrollingIssuer } from './re-enrolling-issuer.js';
export { examineUpstream, type Finding } from './examination.js';
export { fetchThrough } from './fetch-through.js';
export { adminPageOf } from './scep-target.js';
export { UpstreamHttp } from './upstream-http.js';
export { UpstreamServer } from './upstream-server.js';
