import { stat } from 'node:fs/promises';
import { isGatewayError } from '../errors/index.js';
import type { Log } from '../telemetry/index.js';

/** Something that is made of files, and made anew when they change. */
export interface Watched<T> {
  current(): T;
  /** Takes up files that changed; what cannot be used changes nothing. Never rejects. */
  refresh(): Promise<void>;
}

/** @throws what `read` throws, at the start only */
export async function watchFiles<T>(options: {
  /** For the log: `TLS certificate of 0.0.0.0:8443`. */
  readonly what: string;
  readonly files: readonly string[];
  readonly read: () => Promise<T>;
  readonly log: Pick<Log, 'info' | 'error'>;
  readonly onChange?: (value: T) => void;
}): Promise<Watched<T>> {
  const { what, files, read, log, onChange } = options;
  let taken = await versionOf(files);
  let value = await read();
  let failed = '';
  let told = '';

  async function take(version: string): Promise<void> {
    try {
      value = await read();
      taken = version;
      onChange?.(value);
      log.info('changed files taken up', { what });
    } catch (error) {
      // Of several files one is written first: what fails in the next round too is broken.
      if (failed === version) {
        told = version;
        log.error('changed files cannot be used; the ones before stay in force', {
          what,
          error: reasonOf(error),
        });
      }
      failed = version;
    }
  }

  return {
    current: () => value,
    async refresh() {
      const version = await versionOf(files);
      if (version !== taken && version !== told) await take(version);
      if (version === taken) failed = told = '';
    },
  };
}

/** Changes with every way a file is replaced, rewritten or removed. */
async function versionOf(files: readonly string[]): Promise<string> {
  const versions = files.map(async (file) => {
    const found = await stat(file).catch(() => undefined);
    return found ? [found.mtimeMs, found.size, found.ino].join() : 'missing';
  });
  return (await Promise.all(versions)).join(';');
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return isGatewayError(error) && error.mend !== undefined
    ? `${error.message} ${error.mend}`
    : error.message;
}
