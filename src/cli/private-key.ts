import {
  createPrivateKey,
  generateKeyPair,
  type KeyObject,
  type KeyPairKeyObjectResult,
} from 'node:crypto';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { GatewayError } from '../errors/index.js';
import { requireFewKeyRounds, SoftwareKey } from '../keys/index.js';
import { readPem } from '../x509/index.js';
import { withProgress } from './progress.js';
import { readNamedFile } from './standard-input.js';
import { note } from './terminal.js';

export const keyTypes = [
  'rsa:2048',
  'rsa:3072',
  'rsa:4096',
  'rsa:8192',
  'ec:P-256',
  'ec:P-384',
  'ec:P-521',
] as const;
export type KeyType = (typeof keyTypes)[number];

/** @throws GatewayError `cli.usage` when the file holds no key that can be used, `config.invalid` for too many rounds */
export async function readPrivateKey(
  file: string,
  passphraseFile: string | undefined,
): Promise<SoftwareKey> {
  const block = readPem((await readNamedFile(file)).toString('latin1')).find(({ label }) =>
    label.endsWith('PRIVATE KEY'),
  );
  if (!block) throw unusable(`${file} holds no private key in PEM form.`);
  const encrypted = /ENCRYPTED/.test(block.text.slice(0, 200));
  if (encrypted && passphraseFile === undefined) {
    throw unusable(`The key in ${file} is encrypted.`, 'Give --passphrase-file.');
  }
  const passphrase =
    passphraseFile === undefined
      ? undefined
      : (await readNamedFile(passphraseFile)).toString('utf8').replace(/\r?\n$/, '');
  requireFewKeyRounds(block);
  return asKey(file, () =>
    createPrivateKey({ key: block.text, ...(passphrase !== undefined && { passphrase }) }),
  );
}

function asKey(file: string, read: () => KeyObject): SoftwareKey {
  try {
    const key = new SoftwareKey(read());
    if (key.publicKey.kind !== 'other') return key;
  } catch (cause) {
    throw unusable(`The private key in ${file} cannot be opened.`, undefined, cause);
  }
  throw unusable(`The private key in ${file} is of a kind that SCEP cannot use.`);
}

/** Only its owner can read the file, and no other is replaced. */
export async function makePrivateKey(file: string, type: KeyType): Promise<SoftwareKey> {
  const { privateKey } = await withProgress(`Making a key, ${type}`, generate(type));
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' });
  try {
    const handle = await open(file, 'wx', 0o600);
    await handle.writeFile(pem);
    await handle.close();
  } catch (cause) {
    throw new GatewayError('cli.usage', `The key file ${file} cannot be made.`, {
      cause,
      ...(cause instanceof Error && { mend: cause.message }),
    });
  }
  const key = new SoftwareKey(privateKey);
  note(`key made: ${file} (${key.publicKey.description})`);
  return key;
}

/** A key that nobody keeps, for queries. */
export async function passingKey(): Promise<SoftwareKey> {
  return new SoftwareKey((await generate('rsa:2048')).privateKey);
}

const generatePair = promisify(generateKeyPair);

function generate(type: KeyType): Promise<KeyPairKeyObjectResult> {
  const [kind, size = ''] = type.split(':');
  return kind === 'rsa'
    ? generatePair('rsa', { modulusLength: Number(size) })
    : generatePair('ec', { namedCurve: size });
}

function unusable(message: string, mend?: string, cause?: unknown): GatewayError {
  return new GatewayError('cli.usage', message, { ...(mend !== undefined && { mend }), cause });
}
