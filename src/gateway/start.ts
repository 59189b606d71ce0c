import type { RunningGateway, startGateway as start } from './gateway.js';
import { requireServingPlace } from './serving-place.js';

/**
 * Starts everything that serves. The installation stays open until its own `close`. Loaded when it is
 * called: most commands serve nothing, and HTTP and CMS take longer to load than those take to work.
 * @throws GatewayError `store.unavailable` when others serve the data directory
 */
export async function startGateway(...options: Parameters<typeof start>): Promise<RunningGateway> {
  const [{ resolved }] = options;
  const leave = await requireServingPlace(resolved.config);
  try {
    const gateway = await import('./gateway.js');
    const running = await gateway.startGateway(...options);
    return {
      ...running,
      stop: (graceMillis) => running.stop(graceMillis).finally(leave),
    };
  } catch (error) {
    leave();
    throw error;
  }
}
