/** The composition root and what commands need of it. */
export { administratorName, administratorQuota, resetAdministrator } from './administrator.js';
export { openDataDirectory, type DataDirectory } from './data-directory.js';
export {
  openInstallation,
  startGateway,
  type Installation,
  type RunningGateway,
} from './gateway.js';
export { defaultProfile, type Authorities } from './profiles.js';
