import { readFile } from 'node:fs/promises';

export type ReadFile = (path: string) => Promise<Uint8Array>;

export type BytesOutcome =
  | { readonly kind: 'read'; readonly content: Uint8Array }
  | { readonly kind: 'failed'; readonly reason: string };

/** A file's bytes, or in plain words why there are none. */
export async function readBytes(path: string, read: ReadFile = readFile): Promise<BytesOutcome> {
  try {
    return { kind: 'read', content: await read(path) };
  } catch (error) {
    const code =
      typeof error === 'object' && error !== null && 'code' in error
        ? String(error.code)
        : 'unknown error';
    return { kind: 'failed', reason: reasons[code] ?? code };
  }
}

const reasons: Partial<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a directory',
};
