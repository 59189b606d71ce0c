import { readFile } from 'node:fs/promises';
import { GatewayError } from '../errors/index.js';
import { note } from './terminal.js';

const most = 16 * 1024 * 1024;

/**
 * A file, or standard input where there is no name or `-`.
 *
 * @param terminal whether a person may paste at a terminal
 * @throws GatewayError `cli.usage`
 */
export async function readInput(
  file: string | undefined,
  terminal: 'paste' | 'refuse' = 'refuse',
): Promise<Buffer> {
  if (file !== undefined && file !== '-') return readNamedFile(file);
  if (terminal === 'paste' && process.stdin.isTTY) {
    note('Paste it, then end with Ctrl-D on a line of its own:');
    return readAll();
  }
  return readStandardInput();
}

/** @throws GatewayError `cli.usage` */
export async function readNamedFile(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new GatewayError('cli.usage', `The file ${file} cannot be read.`, {
      cause,
      ...(cause instanceof Error && { mend: cause.message }),
    });
  }
}

/** Everything piped in. @throws GatewayError `cli.usage` at a terminal or past 16 MiB */
export async function readStandardInput(): Promise<Buffer> {
  if (process.stdin.isTTY) {
    throw new GatewayError('cli.usage', 'Nothing is piped in.', {
      mend: 'Give a file name, or pipe the data in.',
    });
  }
  return readAll();
}

async function readAll(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) throw new GatewayError('cli.usage', 'The input is larger than 16 MiB.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
