/** What stands on the command line of `inspect`. */
export interface InspectFlags {
  readonly profile?: string;
  /** False with --no-data. */
  readonly data: boolean;
  readonly key?: string;
  readonly cert?: readonly string[];
  readonly passphraseFile?: string;
  readonly challengePassword?: string;
  readonly json?: boolean;
}
