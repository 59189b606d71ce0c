import { readFile } from 'node:fs/promises';
import { GatewayError } from '../errors/index.js';

/** @throws GatewayError `config.unreadable` */
export async function readText(path: string, mend: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new GatewayError('config.unreadable', `The file ${path} cannot be read.`, {
      cause,
      mend,
    });
  }
}
