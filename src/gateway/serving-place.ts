import { hostname } from 'node:os';
import type { GatewayConfig, ResolvedConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import { takeServingPlace } from '../store/index.js';
import { makeDirectory } from './data-directory.js';
import { openInstallation, type Installation } from './installation.js';

/**
 * An installation that this process serves, others being kept from it: before its database is migrated or
 * a key is made, until it is closed.
 * @throws GatewayError `store.unavailable` when others serve the data directory; else as `openInstallation`
 */
export async function openToServe(resolved: ResolvedConfig): Promise<Installation> {
  const leave = await requireServingPlace(resolved.config);
  try {
    const installation = await openInstallation(resolved);
    let closing: Promise<void> | undefined;
    const close = () => (closing ??= installation.close().finally(leave));
    return { ...installation, close };
  } catch (error) {
    leave();
    throw error;
  }
}

/**
 * As many gateways as `data.processes` says serve records that are a file: each counts limits, lock-outs and
 * wrong passwords for itself, and may answer from what another has not brought to the disk yet.
 *
 * @returns what gives the place back
 * @throws GatewayError `store.unavailable` when all are taken
 */
async function requireServingPlace({
  data: { directory, processes, store },
}: Pick<GatewayConfig, 'data'>): Promise<() => void> {
  if (store.kind !== 'sqlite') return () => undefined;
  // At the first start there is none.
  await makeDirectory(directory);
  const place = await takeServingPlace(
    directory,
    processes,
    `process ${process.pid} of ${hostname()}`,
  );
  if (place.kind === 'held') return place.leave;
  const holders = place.holders.join(', ');
  throw new GatewayError(
    'store.unavailable',
    processes === 1
      ? `Another gateway serves the data directory ${directory}: ${holders}.`
      : `${processes} gateways serve the data directory ${directory} already: ${holders}.`,
    {
      mend: 'Stop it before another starts. Where several shall share the directory, each with limits and lock-outs of its own, data.processes says how many.',
    },
  );
}
