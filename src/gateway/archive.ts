/** What is dropped from the database, for whoever has to keep it longer. */
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { syncDirectory } from '../keys/index.js';

const compressed = promisify(gzip);

export interface Archive {
  /** On the disk when it resolves. */
  append(kind: string, records: readonly unknown[]): Promise<void>;
}

/**
 * Gzipped JSON lines in `<kind>-<time of the round>.jsonl.gz`, mode 0600. Each call appends a whole gzip
 * member, which zcat and every library read as one stream up to the first that is torn. What tears one, a
 * full disk or a crash, ends the round too, so the torn one is the last of its file.
 */
export function createArchive(directory: string, round: Date): Archive {
  const stamp = round.toISOString().replace(/[:.]/g, '-');
  return {
    async append(kind, records) {
      const made = await mkdir(directory, { recursive: true, mode: 0o700 });
      if (made !== undefined) await syncDirectory(dirname(made));
      const file = await open(join(directory, `${kind}-${stamp}.jsonl.gz`), 'a', 0o600);
      try {
        const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');
        await file.appendFile(await compressed(lines));
        await file.datasync();
      } finally {
        await file.close();
      }
      await syncDirectory(directory);
    },
  };
}
