import { setTimeout as pause } from 'node:timers/promises';
import type { Listener } from '../http/index.js';
import type { ReadinessCheck } from './readiness.js';

/** Between the wish that a gateway stops and its stop: load balancers look every few seconds only. */
export class Drain {
  #begun = false;

  /** Not ready from the first moment on; everything else is still served. */
  readiness(look: () => Promise<readonly ReadinessCheck[]>) {
    return async (): Promise<readonly ReadinessCheck[]> =>
      this.#begun ? [{ name: 'gateway', fault: 'it is stopping' }] : look();
  }

  async run(listeners: readonly Pick<Listener, 'drain'>[], millis: number): Promise<void> {
    this.#begun = true;
    if (millis === 0) return;
    for (const listener of listeners) listener.drain();
    await pause(millis);
  }
}
