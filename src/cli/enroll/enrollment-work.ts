import type { ScepSigner } from '../../scep/index.js';
import type { Connection } from './connection.js';
import type { EnrollFlags } from './enroll-flags.js';
import type { PendingRequest } from './pending-file.js';

/** A certificate in the works: what polling and the ending need. */
export interface EnrollmentWork {
  readonly connection: Connection;
  readonly pending: PendingRequest;
  readonly signer: ScepSigner;
  readonly keyFile: string;
  readonly flags: EnrollFlags;
}
