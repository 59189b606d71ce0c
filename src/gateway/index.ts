/** The composition root and what commands need of it. */
export type { AccessExplanation } from './access-explanation.js';
export { administratorName, administratorQuota, resetAdministrator } from './administrator.js';
export type { CaNeeds } from './authority-dependencies.js';
export { openAdcsCa } from './adcs-ca.js';
export type { AdcsConfig } from './adcs-parts.js';
export { viewDataDirectory, wasStarted, type DataView } from './data-view.js';
export { openDataDirectory, type DataDirectory } from './data-directory.js';
export type { DirectoryTest } from './directory.js';
export { checkFiles, listAges, openExplainer, testDirectory } from './explain.js';
export type { ListAge } from './list-ages.js';
export type { RunningGateway } from './gateway.js';
export { openInstallation, type Installation } from './installation.js';
export { defaultProfile } from './profiles.js';
export { readTlsIdentity } from './tls-identity.js';
export { webCredentials, webTls } from './web-credentials.js';
export { openChallengeSource, openUpstreamServer } from './upstreams.js';
export { startGateway } from './start.js';
export { issuerOutages, type IssuerOutage } from './issuer-health.js';
