import type { checkFiles as check } from './file-check.js';
import type { openExplainer as open, AccessExplainer } from './access-explanation.js';
import type { testDirectory as test, DirectoryTest } from './directory.js';
import type { listAges as ages } from './list-ages.js';

/** Looks at the files of a configuration. Loaded when it is called, as `startGateway`. */
export async function checkFiles(...options: Parameters<typeof check>): ReturnType<typeof check> {
  const files = await import('./file-check.js');
  return files.checkFiles(...options);
}

/** Answers questions about a configuration. Loaded when it is called, as `startGateway`. */
export async function openExplainer(...options: Parameters<typeof open>): Promise<AccessExplainer> {
  const explanation = await import('./access-explanation.js');
  return explanation.openExplainer(...options);
}

/** Goes through a sign-in to the directory. Loaded when it is called. */
export async function testDirectory(...options: Parameters<typeof test>): Promise<DirectoryTest> {
  const directory = await import('./directory.js');
  return directory.testDirectory(...options);
}

/** How current the address lists are. Loaded when it is called, as `startGateway`. */
export async function listAges(...options: Parameters<typeof ages>): ReturnType<typeof ages> {
  const lists = await import('./list-ages.js');
  return lists.listAges(...options);
}
