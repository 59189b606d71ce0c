import type { openExplainer as open, AccessExplainer } from './access-explanation.js';

/** Answers questions about a configuration. Loaded when it is called, as `startGateway`. */
export async function openExplainer(...options: Parameters<typeof open>): Promise<AccessExplainer> {
  const explanation = await import('./access-explanation.js');
  return explanation.openExplainer(...options);
}
