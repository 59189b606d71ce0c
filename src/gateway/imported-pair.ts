import { readFile } from 'node:fs/promises';
import type { ImportedPair, ResolvedConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import { importPem, importPfx, type ImportedIdentity, type KeyPurpose } from '../keys/index.js';

/** Undefined when the files are gone and the import was done before: keys and certificates are kept. */
export async function readImport(
  { pfx, certificate, key, passphrase }: ImportedPair,
  readSecret: ResolvedConfig['readSecret'],
  founded: boolean,
  purpose?: KeyPurpose,
): Promise<ImportedIdentity | undefined> {
  const paths = pfx === undefined ? [certificate, key] : [pfx];
  const files = await Promise.all(paths.map((path) => readImportFile(path, founded)));
  const [first, second] = files.flatMap((bytes) => bytes ?? []);
  if (files.includes(undefined)) return undefined;
  const secret = passphrase && (await readSecret(passphrase));
  if (second === undefined) return importPfx(first ?? Buffer.alloc(0), secret, purpose);
  return importPem(
    {
      certificate: (first ?? second).toString('utf8'),
      key: second.toString('utf8'),
      passphrase: secret,
    },
    purpose,
  );
}

/** Undefined when it is gone and the import was done before. @throws GatewayError `config.unreadable` */
export async function readImportFile(path = '', founded: boolean): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (founded && (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): GatewayError {
  return new GatewayError('config.unreadable', `The file ${path} to import cannot be read.`, {
    cause,
    mend: 'Correct the path under `import`, or remove it if the import is done.',
  });
}
