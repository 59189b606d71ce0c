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
  const files = await Promise.all((pfx === undefined ? [certificate, key] : [pfx]).map(read));
  const missing = files.find((file) => file.kind === 'missing');
  if (missing && founded) return undefined;
  if (missing) throw unreadable(missing.path, missing.cause);
  const [first, second] = files.flatMap((file) => (file.kind === 'read' ? [file.bytes] : []));
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

type ImportFile =
  | { readonly kind: 'read'; readonly bytes: Buffer }
  | { readonly kind: 'missing'; readonly path: string; readonly cause: unknown };

async function read(path = ''): Promise<ImportFile> {
  try {
    return { kind: 'read', bytes: await readFile(path) };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'missing', path, cause };
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): GatewayError {
  return new GatewayError('config.unreadable', `The file ${path} to import cannot be read.`, {
    cause,
    mend: 'Correct the path under `import`, or remove it if the import is done.',
  });
}
