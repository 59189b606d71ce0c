import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemErrorCode } from './system-error.js';

/**
 * Makes a file only its owner can read, whole or not at all, even over a power failure; never replaces
 * one. Of several processes that make the same file one gets `created`.
 */
export async function createDurably(path: string, content: string): Promise<'created' | 'exists'> {
  const directory = dirname(path);
  const made = await mkdir(directory, { recursive: true, mode: 0o700 });
  if (made !== undefined) await syncDirectory(dirname(made));
  const draft = join(directory, `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await writeDraft(draft, content);
    if (!(await publish(draft, path))) return 'exists';
    await syncDirectory(directory);
    return 'created';
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeDraft(draft: string, content: string): Promise<void> {
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A hard link refuses to replace, a rename would not. */
async function publish(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EEXIST') return false;
    if (code === undefined || !withoutHardLinks.has(code)) throw error;
    return claimAndRename(draft, path);
  }
}

/** What file systems without hard links answer (FAT, some network and container mounts). */
const withoutHardLinks: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

async function claimAndRename(draft: string, path: string): Promise<boolean> {
  try {
    const claim = await open(path, 'wx', 0o600);
    await claim.close();
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
  await rename(draft, path);
  return true;
}

/** What was made in it outlives a power failure. Windows cannot open a directory, and needs not. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
