import type { ParsedConfig } from './schema.js';

/** What a check may look at. Names come from the file as written, so that one wrong entry is not also a missing one. */
export interface CheckedConfig {
  readonly config: ParsedConfig;
  readonly issuerNames: readonly string[];
  readonly profileNames: readonly string[];
  /** The configuration as written, to tell what was said from what is a default. */
  readonly raw: unknown;
}
