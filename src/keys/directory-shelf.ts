import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError } from '../errors/index.js';
import { createDurably } from './durable-file.js';
import type { SecretShelf } from './secret-shelf.js';
import { systemErrorCode } from './system-error.js';

const mend =
  'Restore the data directory from a backup, and check that the gateway may read and write it.';

/** Sealed secrets as files, which only their owner can read. */
export class DirectoryShelf implements SecretShelf {
  readonly mend = mend;

  constructor(readonly place: string) {}

  locate(name: string): string {
    return join(this.place, name);
  }

  async names(): Promise<readonly string[]> {
    try {
      return await readdir(this.place);
    } catch (cause) {
      if (systemErrorCode(cause) === 'ENOENT') return [];
      throw unreadable(this.place, 'cannot be reached', cause);
    }
  }

  async read(name: string): Promise<string | undefined> {
    try {
      return await readFile(this.locate(name), 'utf8');
    } catch (cause) {
      if (systemErrorCode(cause) === 'ENOENT') return undefined;
      throw unreadable(this.locate(name), 'cannot be read', cause);
    }
  }

  async create(name: string, text: string): Promise<'created' | 'exists'> {
    try {
      return await createDurably(this.locate(name), text);
    } catch (cause) {
      throw unreadable(this.locate(name), 'cannot be written', cause);
    }
  }
}

function unreadable(path: string, what: string, cause: unknown): GatewayError {
  return new GatewayError('keys.unreadable', `${path} ${what}.`, { cause, mend });
}
