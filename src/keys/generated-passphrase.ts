import { randomBytes } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError } from '../errors/index.js';
import { createDurably } from './durable-file.js';
import { sealFile } from './sealed-secrets.js';
import { systemErrorCode } from './system-error.js';

/**
 * The passphrase in `<directory>/passphrase`, made there when no keys depend on another one yet. It
 * protects copies of the key files, not copies of the whole directory.
 *
 * @throws GatewayError `keys.passphrase`, `keys.unreadable`
 */
export async function ensureGeneratedPassphrase(directory: string): Promise<string> {
  const path = join(directory, 'passphrase');
  const kept = await read(path);
  if (kept !== undefined) return kept;
  if (await isSealed(directory))
    throw new GatewayError('keys.passphrase', `${path} is missing, but keys depend on it.`, {
      mend: 'Restore the file from a backup, or set `data.passphrase` to the passphrase the keys were made with.',
    });
  const made = randomBytes(32).toString('base64url');
  if ((await create(path, made)) === 'created') return made;
  const others = await read(path);
  if (others === undefined) throw unreadable(path, 'vanished');
  return others;
}

/** The passphrase in `<directory>/passphrase`; undefined where there is none. @throws as above */
export function generatedPassphrase(directory: string): Promise<string | undefined> {
  return read(join(directory, 'passphrase'));
}

async function read(path: string): Promise<string | undefined> {
  let text: string;
  try {
    text = (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENOENT') return undefined;
    throw unreadable(path, 'cannot be read', cause);
  }
  if (text === '')
    throw new GatewayError('keys.passphrase', `${path} is empty.`, {
      mend: 'Restore the file from a backup; without keys yet, delete it and start again.',
    });
  return text;
}

async function isSealed(directory: string): Promise<boolean> {
  return access(join(directory, 'keys', sealFile)).then(
    () => true,
    () => false,
  );
}

async function create(path: string, passphrase: string): Promise<'created' | 'exists'> {
  try {
    return await createDurably(path, `${passphrase}\n`);
  } catch (cause) {
    throw unreadable(path, 'cannot be written', cause);
  }
}

function unreadable(path: string, what: string, cause?: unknown): GatewayError {
  return new GatewayError('keys.unreadable', `${path} ${what}.`, {
    cause,
    mend: 'Check that the gateway may read and write its data directory.',
  });
}
