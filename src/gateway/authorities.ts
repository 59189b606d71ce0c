import { readFile } from 'node:fs/promises';
import type { IssuerConfig, ResolvedConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import {
  isFounded,
  openLocalAuthority,
  type Authority,
  type LocalAuthority,
} from '../issuer/index.js';
import { importPem, importPfx, type ImportedIdentity } from '../keys/index.js';
import type { DataDirectory } from './data-directory.js';
import type { Authorities } from './profiles.js';

/** Opens every issuer of the configuration; the first start makes or imports its keys and certificates. */
export async function openAuthorities(
  resolved: Pick<ResolvedConfig, 'config' | 'readSecret'>,
  data: DataDirectory,
  clock: () => Date,
): Promise<Authorities> {
  const authorities = new Map<string, Authority>();
  for (const [name, issuer] of Object.entries(resolved.config.issuers)) {
    authorities.set(name, await openAuthority(name, issuer, resolved, data, clock));
  }
  return authorities;
}

async function openAuthority(
  name: string,
  { import: ca, importRa, ...settings }: IssuerConfig,
  { config, readSecret }: Pick<ResolvedConfig, 'config' | 'readSecret'>,
  data: DataDirectory,
  clock: () => Date,
): Promise<LocalAuthority> {
  const founded = await isFounded(data.settings, name);
  const importedCa = ca && (await readImport(ca, readSecret, founded));
  const importedRa = importRa && (await readImport(importRa, readSecret, founded));
  return openLocalAuthority({
    name,
    settings,
    keys: data.keys,
    records: data.enrollments,
    state: data.settings,
    publicUrl: config.publicUrl,
    caIsRecipient: Object.values(config.profiles).some(
      ({ issuer, caCertShape }) => issuer === name && caCertShape === 'ca-only',
    ),
    imported: {
      ...(importedCa && { ca: importedCa }),
      ...(importedRa && { ra: [importedRa] }),
    },
    clock,
  });
}

/** Undefined when the files are gone and the import was done before: keys and certificates are kept. */
async function readImport(
  { pfx, certificate, key, passphrase }: NonNullable<IssuerConfig['import']>,
  readSecret: ResolvedConfig['readSecret'],
  founded: boolean,
): Promise<ImportedIdentity | undefined> {
  const files = await Promise.all((pfx === undefined ? [certificate, key] : [pfx]).map(read));
  const missing = files.find((file) => file.kind === 'missing');
  if (missing && founded) return undefined;
  if (missing) throw unreadable(missing.path, missing.cause);
  const [first, second] = files.flatMap((file) => (file.kind === 'read' ? [file.bytes] : []));
  const secret = passphrase && (await readSecret(passphrase));
  if (second === undefined) return importPfx(first ?? Buffer.alloc(0), secret);
  return importPem({
    certificate: (first ?? second).toString('utf8'),
    key: second.toString('utf8'),
    passphrase: secret,
  });
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
