/** What is dropped from the database, for whoever has to keep it longer. */
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compressed = promisify(gzip);

export interface Archive {
  /** On the disk when it resolves. */
  append(kind: string, records: readonly unknown[]): Promise<void>;
}

/**
 * Gzipped JSON lines in `<kind>-<year>-<month>.jsonl.gz`, mode 0600. Each call appends a whole gzip member,
 * which zcat and every library read as one stream; a crash in the middle of one costs that member alone.
 */
export function createArchive(directory: string, clock: () => Date): Archive {
  return {
    async append(kind, records) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const month = clock().toISOString().slice(0, 7);
      const file = await open(join(directory, `${kind}-${month}.jsonl.gz`), 'a', 0o600);
      try {
        const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');
        await file.appendFile(await compressed(lines));
        await file.datasync();
      } finally {
        await file.close();
      }
    },
  };
}
