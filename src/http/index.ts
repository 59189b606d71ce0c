/** The HTTP face: SCEP, the NDES pages, the challenge API, publications; listeners. */
export { createHttpApp } from './app.js';
export type {
  Decisions,
  HttpAuditRecord,
  HttpDeps,
  HttpProfile,
  Publications,
} from './http.types.js';
export { createOperationGate } from './operation-gate.js';
export { requestTarget } from './request-target.js';
export { createRouteGroups } from './route-group.js';
export { createListener, type Listener } from './listener.js';
export type { ListenerTls, TlsIdentity } from './tls-server.js';
