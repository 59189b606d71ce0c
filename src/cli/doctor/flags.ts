export interface DoctorFlags {
  readonly issuer?: string;
  readonly profile?: string;
  readonly adminPage?: boolean;
  readonly explain?: string;
  readonly json?: boolean;
}
