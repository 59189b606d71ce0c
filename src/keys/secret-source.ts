/** Secrets that are the same for the life of an installation, for keyed hashes and derived passwords. */
export interface SecretSource {
  /**
   * 32 octets that belong to this label alone; equal on every start. Labels are constants of the code,
   * `challenge digest`, never something from outside.
   *
   * @throws GatewayError `keys.passphrase` or `keys.unreadable`
   */
  deriveSecret(label: string): Promise<Buffer>;
}
