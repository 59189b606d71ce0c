import { join } from 'node:path';
import { DirectoryShelf } from './directory-shelf.js';
import { SealedKeyStore } from './sealed-key-store.js';
import type { ScryptCost } from './sealing-key.js';

/** Private keys in `<directory>/keys/<name>.key`, and beside them the master secret. */
export class FileKeyStore extends SealedKeyStore {
  /** `cost` counts only when the store is made; by default it suits a passphrase that a person chose. */
  constructor(directory: string, passphrase: string, cost?: ScryptCost) {
    super(new DirectoryShelf(join(directory, 'keys')), passphrase, cost);
  }
}
