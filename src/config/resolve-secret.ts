import { resolve } from 'node:path';
import { GatewayError } from '../errors/index.js';
import { quoted } from './problem.js';
import { readBytes, type ReadFile } from './read-file.js';
import type { SecretReference } from './secret.js';
import { decodeTextFile } from './text-file.js';

export interface SecretSources {
  readonly environment: NodeJS.ProcessEnv;
  /** Folder that relative `file` paths start from: that of the configuration file. */
  readonly baseDirectory: string;
  readonly readFile?: ReadFile;
}

/**
 * The secret a reference leads to. Files and credentials are UTF-8 (or UTF-16 with a byte order mark);
 * one line end at their end is not part of the secret.
 * @throws GatewayError `config.unreadable`, with the mend; it names the reference, never the value
 */
export async function resolveSecret(
  reference: SecretReference,
  sources: SecretSources,
): Promise<string> {
  const secret = await lookUp(reference, sources);
  if (secret !== '') return secret;
  throw unreadable(`${nameOf(reference)} is empty`, 'put the secret into it');
}

async function lookUp(reference: SecretReference, sources: SecretSources): Promise<string> {
  if ('env' in reference) return fromEnvironment(reference.env, sources.environment);
  if ('file' in reference) {
    return fromFile(nameOf(reference), resolve(sources.baseDirectory, reference.file), sources);
  }
  const directory = sources.environment['CREDENTIALS_DIRECTORY'];
  if (directory === undefined || directory === '') {
    throw unreadable(
      `${nameOf(reference)} cannot be found: CREDENTIALS_DIRECTORY is not set`,
      `start under systemd with LoadCredential=${reference.credential}:path, or use { file: path }`,
    );
  }
  return fromFile(nameOf(reference), resolve(directory, reference.credential), sources);
}

function fromEnvironment(name: string, environment: NodeJS.ProcessEnv): string {
  const value = environment[name];
  if (value !== undefined) return value;
  throw unreadable(`variable ${name} is not set`, `set ${name} in the environment of the gateway`);
}

async function fromFile(name: string, path: string, sources: SecretSources): Promise<string> {
  const bytes = await readBytes(path, sources.readFile);
  if (bytes.kind === 'failed') {
    throw unreadable(
      `${name} cannot be read: ${bytes.reason}`,
      `put the secret into ${quoted(path)}, readable for the user of the gateway`,
    );
  }
  const text = decodeTextFile(bytes.content);
  if (text === undefined) {
    throw unreadable(`${name} is not UTF-8 text`, 'write the secret as text');
  }
  return text.replace(/\r?\n$/, '');
}

function nameOf(reference: SecretReference): string {
  if ('file' in reference) return `file ${quoted(reference.file)}`;
  if ('env' in reference) return `variable ${reference.env}`;
  return `credential ${reference.credential}`;
}

function unreadable(message: string, mend: string): GatewayError {
  return new GatewayError('config.unreadable', message, { mend });
}
