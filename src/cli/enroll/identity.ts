import { access } from 'node:fs/promises';
import { GatewayError } from '../../errors/index.js';
import type { SoftwareKey } from '../../keys/index.js';
import { parseBer } from '../../asn1/index.js';
import { Name } from '../../x509/index.js';
import { makePrivateKey, readPrivateKey } from '../private-key.js';
import { note } from '../terminal.js';
import type { EnrollFlags } from './enroll-flags.js';

/** The key in the file, made there when there is none. @throws GatewayError `cli.usage` */
export async function keyIn(
  file: string,
  { keyType, passphraseFile }: Pick<EnrollFlags, 'keyType' | 'passphraseFile'>,
): Promise<SoftwareKey> {
  if (!(await exists(file))) return makePrivateKey(file, keyType ?? 'rsa:2048');
  const key = await readPrivateKey(file, passphraseFile);
  const { kind, bits, curve, description } = key.publicKey;
  const type = kind === 'rsa' ? `rsa:${bits}` : `ec:${curve ?? ''}`;
  if (keyType !== undefined && keyType !== type) {
    throw new GatewayError('cli.usage', `The key in ${file} is ${description}, not ${keyType}.`, {
      mend: 'Leave out --key-type to use it, or name another file to make a new one.',
    });
  }
  note(`key: ${file} (${description})`);
  return key;
}

/** `<CN>.key` in the working directory, for those who name none. @throws GatewayError `cli.usage` */
export function usualKeyFile(subject: Buffer): string {
  const name = Name.fromNode(parseBer(subject)).values('CN')[0];
  const plain = name?.replace(/[^A-Za-z0-9._-]+/g, '_').replace(/^\.+/, '');
  if (plain) return `${plain}.key`;
  throw new GatewayError('cli.usage', 'Where shall the private key be?', {
    mend: 'Give --key device.key; it is made there if it is absent.',
  });
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}
