import { Command } from 'commander';
import { loadConfig } from '../config/index.js';
import { openToServe, startGateway } from '../gateway/index.js';
import { startPanel } from './panel.js';
import { endAtOnce, note } from './terminal.js';

/** Requests in flight get this long after SIGTERM. */
const graceMillis = 10_000;

export function serveCommand(): Command {
  return new Command('serve')
    .description(
      'Run the gateway. The first start makes a CA, RA certificates and the account admin.',
    )
    .addHelpText(
      'after',
      `
Environment:
  SCEP_GATEWAY_CONFIG          path of a gateway.yaml; without it the defaults hold
  SCEP_GATEWAY_LISTEN          host:port instead of the configured listeners
  SCEP_GATEWAY_DATA_DIR        where keys and records live (default ./data)
  SCEP_GATEWAY_ADMIN_PASSWORD  fixes the password of admin (12 characters or more)

Examples:
  scep-gateway serve
  SCEP_GATEWAY_LISTEN=0.0.0.0:8080 SCEP_GATEWAY_CONFIG=gateway.yaml scep-gateway serve`,
    )
    .action(serve);
}

async function serve(): Promise<void> {
  const slow = setTimeout(
    () => note('Opening the data directory; the first start makes keys …'),
    1000,
  );
  // From the first moment on: whoever starts it may end it before it is ready.
  const asked = signalled();
  const { resolved, telemetry, installation, gateway } = await start().finally(() =>
    clearTimeout(slow),
  );
  note(startPanel(installation, gateway));
  for (const { key, warning } of resolved.warnings) telemetry.log.warn(warning, { setting: key });

  const signal = await asked;
  telemetry.log.info('stopping', { signal });
  await gateway.stop(graceMillis);
  await installation.close();
  await telemetry.close();
}

async function start() {
  const resolved = await loadConfig({ environment: process.env });
  const { createLog } = await import('../telemetry/index.js');
  const telemetry = createLog(resolved.config.log);
  const installation = await openToServe(resolved);
  const gateway = await startGateway(installation, telemetry).catch(async (error: unknown) => {
    await installation.close();
    throw error;
  });
  return { resolved, telemetry, installation, gateway };
}

/** The first SIGTERM or SIGINT asks for a clean end, the second ends at once. */
function signalled(): Promise<string> {
  return new Promise((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.once(name, () => {
        process.once(name, endAtOnce);
        resolve(name);
      });
    }
  });
}
