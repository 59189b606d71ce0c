/** Sealed secrets beside the records, for keys that several gateways share. The store opens none of them. */
export interface SealedTexts {
  names(): Promise<readonly string[]>;
  read(name: string): Promise<string | undefined>;
  /** Durable when it resolves; never replaces one. */
  create(name: string, text: string): Promise<'created' | 'exists'>;
}
