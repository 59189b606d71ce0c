import type { RunningGateway, startGateway as start } from './gateway.js';

/**
 * Starts everything that serves. The installation stays open until its own `close`. Loaded when it is
 * called: most commands serve nothing, and HTTP and CMS take longer to load than those take to work.
 */
export async function startGateway(...options: Parameters<typeof start>): Promise<RunningGateway> {
  const gateway = await import('./gateway.js');
  return gateway.startGateway(...options);
}
