export interface DirectoryTestFlags {
  readonly config?: string;
  readonly password?: boolean;
  readonly json?: boolean;
}
