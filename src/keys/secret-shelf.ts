/** Where sealed secrets lie, by name. What lies there opens with the passphrase only. */
export interface SecretShelf {
  /** As messages name it: a path, `the keys in the database`. */
  readonly place: string;
  /** As messages name what lies there: a path, `ca.key in the database`. */
  locate(name: string): string;
  /** What to do about one that is missing or damaged. */
  readonly mend: string;
  names(): Promise<readonly string[]>;
  /** Undefined when there is none. */
  read(name: string): Promise<string | undefined>;
  /** Durable when it resolves; never replaces one: of several processes that make the same, one gets `created`. */
  create(name: string, text: string): Promise<'created' | 'exists'>;
}
