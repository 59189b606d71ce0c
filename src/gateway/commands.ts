/** What commands ask beside serving. A gateway that serves loads none of it, unless its configuration does. */
import { loadedWhenCalled } from './loaded-when-called.js';

/** Looks at the files of a configuration. */
export const checkFiles = loadedWhenCalled(
  async () => (await import('./file-check.js')).checkFiles,
);

/** Answers questions about a configuration. */
export const openExplainer = loadedWhenCalled(
  async () => (await import('./access-explanation.js')).openExplainer,
);

/** How current the address lists are. */
export const listAges = loadedWhenCalled(async () => (await import('./list-ages.js')).listAges);

/** Goes through a sign-in to the directory. */
export const testDirectory = loadedWhenCalled(
  async () => (await import('./directory.js')).testDirectory,
);

export const openAdcsCa = loadedWhenCalled(async () => (await import('./adcs-ca.js')).openAdcsCa);

export const openChallengeSource = loadedWhenCalled(
  async () => (await import('./upstreams.js')).openChallengeSource,
);

export const openUpstreamServer = loadedWhenCalled(
  async () => (await import('./upstreams.js')).openUpstreamServer,
);

export const webCredentials = loadedWhenCalled(
  async () => (await import('./web-credentials.js')).webCredentials,
);

export const webTls = loadedWhenCalled(async () => (await import('./web-credentials.js')).webTls);

export const viewChallengeServer = loadedWhenCalled(
  async () => (await import('./challenge-server.js')).viewChallengeServer,
);

export const copyStore = loadedWhenCalled(async () => (await import('./store-copy.js')).copyStore);

export const backupStore = loadedWhenCalled(
  async () => (await import('./store-upkeep.js')).backupStore,
);

export const migrateStore = loadedWhenCalled(
  async () => (await import('./store-upkeep.js')).migrateStore,
);

export const restoreStore = loadedWhenCalled(
  async () => (await import('./store-upkeep.js')).restoreStore,
);

export const verifyStore = loadedWhenCalled(
  async () => (await import('./store-upkeep.js')).verifyStore,
);
