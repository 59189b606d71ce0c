import { createAcceptors } from './acceptor.js';
import { createGate } from './gate.js';
import { loadGss } from './gss.js';
import { createInitiators } from './initiator.js';
import type { Kerberos } from './kerberos.types.js';

const usualStepMillis = 15_000;

/**
 * Loads koffi and MIT's library: call it where Kerberos is configured, once.
 * @throws GatewayError `kerberos.library` that says what to install
 */
export async function openKerberos(): Promise<Kerberos> {
  const gss = await loadGss();
  const gate = createGate();
  return {
    initiators: (credentials, limits) =>
      createInitiators(gss, gate, credentials, { stepMillis: usualStepMillis, ...limits }),
    acceptors: (keytab) => createAcceptors(gss, keytab),
  };
}
