import type { IssuerPair, ResolvedConfig } from '../config/index.js';
import type { ImportedKeyPair } from '../issuer/index.js';
import { importedCertificates, type PlacedKeyStore } from '../keys/index.js';
import type { Tokens } from '../pkcs11/index.js';
import { readImport, readImportFile } from './imported-pair.js';
import { requireToken } from './issuer-keys.js';

interface Reading {
  readonly readSecret: ResolvedConfig['readSecret'];
  /** True when the import was done before: its files may be gone. */
  readonly founded: boolean;
  readonly keys: PlacedKeyStore;
  readonly tokens: Pick<Tokens, 'byName'>;
  /** That has the key, where no file has it. */
  readonly token: string | undefined;
}

/** A CA or RA from files, or from a certificate file and a token that has its key. @throws as `readImport` */
export async function readIssuerImport(
  { tokenKey, ...pair }: IssuerPair,
  { readSecret, founded, keys, tokens, token: name }: Reading,
): Promise<ImportedKeyPair | undefined> {
  if (tokenKey === undefined || name === undefined) return readImport(pair, readSecret, founded);
  const bytes = await readImportFile(pair.certificate, founded);
  if (bytes === undefined) return undefined;
  const token = requireToken(tokens.byName, name);
  return {
    certificates: importedCertificates(bytes.toString('utf8')),
    keyInPlace: {
      publicKey: await keys.publicKeyIn(token, tokenKey),
      adopt: (keyName) => keys.adopt(keyName, token, tokenKey),
    },
  };
}
