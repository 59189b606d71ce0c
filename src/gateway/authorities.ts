import { readFile } from 'node:fs/promises';
import type { IssuerConfig, ResolvedConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import { openLocalAuthority, type LocalAuthority } from '../issuer/index.js';
import { importPem, importPfx, type ImportedIdentity } from '../keys/index.js';
import type { DataDirectory } from './data-directory.js';
import type { Authorities } from './profiles.js';

/** Opens every issuer of the configuration; the first start makes or imports its keys and certificates. */
export async function openAuthorities(
  resolved: Pick<ResolvedConfig, 'config' | 'readSecret'>,
  data: DataDirectory,
  clock: () => Date,
): Promise<Authorities> {
  const authorities = new Map<string, LocalAuthority>();
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
      ...(ca && { ca: await readImport(ca, readSecret) }),
      ...(importRa && { ra: [await readImport(importRa, readSecret)] }),
    },
    clock,
  });
}

async function readImport(
  { pfx, certificate, key, passphrase }: NonNullable<IssuerConfig['import']>,
  readSecret: ResolvedConfig['readSecret'],
): Promise<ImportedIdentity> {
  const secret = passphrase && (await readSecret(passphrase));
  if (pfx !== undefined) return importPfx(await read(pfx), secret);
  return importPem({
    certificate: (await read(certificate)).toString('utf8'),
    key: (await read(key)).toString('utf8'),
    passphrase: secret,
  });
}

async function read(path = ''): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new GatewayError('config.unreadable', `The file ${path} to import cannot be read.`, {
      cause,
      mend: 'Correct the path under `import`, or remove it if the import is done.',
    });
  }
}
