import { GatewayError } from '../../errors/index.js';

/** Written by a later release: to guess what its columns mean would be worse than to stop. */
export function newerSchema(found: number, known: number): GatewayError {
  return new GatewayError(
    'store.schema',
    `The database has schema version ${found}; this release knows versions up to ${known}.`,
    {
      mend: 'Run the newer scep-gateway that wrote it, or restore the backup made before the upgrade.',
    },
  );
}

/** For who may only look. */
export function olderSchema(found: number, known: number): GatewayError {
  return new GatewayError(
    'store.schema',
    `The database has schema version ${found}, this release ${known}.`,
    { mend: 'Run `scep-gateway store migrate`, or start this release once. Make a backup before.' },
  );
}
