import { GatewayError } from '../../errors/index.js';
import { writeAuthorityRecord, type AuthorityRecord } from './authority-record.js';
import { loadAuthority, type LoadedAuthority, type LoadingOptions } from './loaded-authority.js';
import type { AuthorityState } from './local-authority.types.js';

export interface RecordKeeperOptions extends Omit<LoadingOptions, 'now'> {
  readonly state: AuthorityState;
  readonly stateKey: string;
  readonly clock: () => Date;
}

/**
 * Keeps the record of an authority in the store and in memory. One change at a time in this process, and
 * by compare and swap against others: whoever comes second looks at what the first wrote and decides anew.
 */
export class RecordKeeper {
  readonly #options: RecordKeeperOptions;
  #loaded: LoadedAuthority;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(options: RecordKeeperOptions, loaded: LoadedAuthority) {
    this.#options = options;
    this.#loaded = loaded;
  }

  /** @param found makes the first record where the store has none */
  static async open(
    options: RecordKeeperOptions,
    found: () => Promise<AuthorityRecord>,
  ): Promise<RecordKeeper> {
    const { state, stateKey } = options;
    let text = await state.get(stateKey);
    if (text === undefined) {
      const first = writeAuthorityRecord(await found());
      text = (await state.swap(stateKey, undefined, first)) ? first : await state.get(stateKey);
    }
    if (text === undefined) throw new GatewayError('store.unavailable', 'The CA was not kept.');
    return new RecordKeeper(options, await load(text, options));
  }

  get loaded(): LoadedAuthority {
    return this.#loaded;
  }

  /** True when another process had changed the record. */
  reload(): Promise<boolean> {
    return this.#exclusively(() => this.#refresh());
  }

  /** Keys whose overlap has ended go out of the memory as well. */
  expire(): Promise<void> {
    return this.#exclusively(async () => {
      this.#loaded = await load(this.#loaded.text, this.#options);
    });
  }

  /**
   * Makes `edit`'s record the one in force; false when it gave none. It may be asked again when another
   * process was quicker.
   */
  change(
    edit: (
      record: AuthorityRecord,
    ) => AuthorityRecord | undefined | Promise<AuthorityRecord | undefined>,
  ): Promise<boolean> {
    return this.#exclusively(async () => {
      const { state, stateKey } = this.#options;
      for (let attempt = 0; attempt < 5; attempt++) {
        await this.#refresh();
        const before = this.#loaded;
        const record = await edit(before.record);
        if (record === undefined) return false;
        // Loaded before it is written: a record whose keys cannot be opened never comes into force.
        const after = await load(writeAuthorityRecord(record), this.#options);
        if (await state.swap(stateKey, before.text, after.text)) {
          this.#loaded = after;
          return true;
        }
      }
      throw new GatewayError('store.unavailable', 'Other processes keep changing the CA.');
    });
  }

  async #refresh(): Promise<boolean> {
    const text = await this.#options.state.get(this.#options.stateKey);
    if (text === undefined || text === this.#loaded.text) return false;
    this.#loaded = await load(text, this.#options);
    return true;
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

function load(text: string, options: RecordKeeperOptions): Promise<LoadedAuthority> {
  return loadAuthority(text, { ...options, now: options.clock() });
}
