/** The composition root and what commands need of it. */
export type { AccessExplanation } from './access-explanation.js';
export { administratorName, administratorQuota, resetAdministrator } from './administrator.js';
export type { CaNeeds } from './authority-dependencies.js';
export type { AdcsConfig } from './adcs-parts.js';
export {
  backupStore,
  checkFiles,
  copyStore,
  listAges,
  migrateStore,
  openAdcsCa,
  openChallengeSource,
  openExplainer,
  openUpstreamServer,
  restoreStore,
  testDirectory,
  verifyStore,
  viewChallengeServer,
  webCredentials,
  webTls,
} from './commands.js';
export { viewDataDirectory, wasStarted, type DataView } from './data-view.js';
export { openDataDirectory, type DataDirectory } from './data-directory.js';
export type { DirectoryTest } from './directory.js';
export type { ListAge } from './list-ages.js';
export type { RunningGateway } from './gateway.js';
export { openInstallation, type Installation } from './installation.js';
export { defaultProfile } from './profiles.js';
export { issuerKeys } from './issuer-keys.js';
export { configuredTokens } from './tokens.js';
export { readTlsIdentity } from './tls-identity.js';
export { openToServe } from './serving-place.js';
export { startGateway } from './start.js';
export { issuerOutages, type IssuerOutage } from './issuer-health.js';
