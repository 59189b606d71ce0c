import { GatewayError } from '../errors/index.js';

const most = 4 * 1024 * 1024;

/** Everything piped in. @throws GatewayError `cli.usage` at a terminal or past 4 MiB */
export async function readStandardInput(): Promise<Buffer> {
  if (process.stdin.isTTY) {
    throw new GatewayError('cli.usage', 'Nothing is piped in.', {
      mend: 'Give a file name, or pipe the data in.',
    });
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) throw new GatewayError('cli.usage', 'The input is larger than 4 MiB.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
