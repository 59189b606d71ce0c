import { loadedWhenCalled } from './loaded-when-called.js';

/**
 * Starts everything that serves. The installation stays open until its own `close`. Most commands serve nothing,
 * and HTTP and CMS take longer to load than those take to work.
 */
export const startGateway = loadedWhenCalled(
  async () => (await import('./gateway.js')).startGateway,
);
