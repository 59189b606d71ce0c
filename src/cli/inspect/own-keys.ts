import { canDecrypt, type RecipientKey } from '../../pkcs7/index.js';
import { selfSignedSigner } from '../../scep/client/index.js';
import { parseDistinguishedName, type Certificate } from '../../x509/index.js';
import { readCertificates } from '../pem-file.js';
import { readPrivateKey } from '../private-key.js';
import { readInput } from '../standard-input.js';
import type { InspectFlags } from './inspect-flags.js';

export async function ownCertificates({ cert = [] }: InspectFlags): Promise<Certificate[]> {
  return (await Promise.all(cert.map(readCertificates))).flat();
}

/** The key with its certificates; where none was given, with one of our making, as a key opens without. */
export async function ownKeys(
  { key: file, passphraseFile }: InspectFlags,
  certificates: readonly Certificate[],
): Promise<RecipientKey[]> {
  if (file === undefined) return [];
  const key = await readPrivateKey(file, passphraseFile);
  if (!canDecrypt(key.publicKey)) return [];
  const own = certificates.filter(({ publicKey }) => publicKey.id === key.publicKey.id);
  if (own.length > 0) return own.map((certificate) => ({ certificate, key }));
  const subject = parseDistinguishedName('CN=the key given with --key');
  const { certificate } = await selfSignedSigner({ key, subject });
  return [{ certificate, key }];
}

export async function ownPassword({
  challengePassword,
}: InspectFlags): Promise<string | undefined> {
  if (challengePassword === undefined) return undefined;
  const text = (await readInput(challengePassword)).toString('utf8');
  return text.split(/\r?\n/)[0];
}
