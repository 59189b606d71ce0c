/** What `enroll --poll` needs of a request that was pending: a small file beside the key. */
import { readFile, rm } from 'node:fs/promises';
import { z } from 'zod';
import { GatewayError } from '../../errors/index.js';
import { writeWhole } from '../pem-file.js';
import { cipherChoices, digestChoices, oaepChoices } from './enroll-flags.js';

const pendingRequest = z.object({
  url: z.string(),
  transactionId: z.string(),
  /** DER, base64. It carries the challenge, so the file is its owner's alone. */
  csr: z.base64(),
  signerCertificate: z.base64(),
  /** Path of the key that signs; for a renewal the old one. */
  signerKey: z.string(),
  fingerprint: z.string().optional(),
  identifier: z.string().optional(),
  digest: z.enum(digestChoices).optional(),
  cipher: z.enum(cipherChoices).optional(),
  oaep: z.enum(oaepChoices).optional(),
  method: z.enum(['get', 'post']).optional(),
  since: z.iso.datetime(),
});

export type PendingRequest = Readonly<z.infer<typeof pendingRequest>>;

export function pendingFileOf(keyFile: string): string {
  return `${keyFile}.pending.json`;
}

export async function keepPending(keyFile: string, request: PendingRequest): Promise<void> {
  await writeWhole(pendingFileOf(keyFile), `${JSON.stringify(request, null, 2)}\n`, 0o600);
}

export async function forgetPending(keyFile: string): Promise<void> {
  await rm(pendingFileOf(keyFile), { force: true });
}

/** Undefined when nothing is pending. @throws GatewayError `cli.usage` for a damaged file */
export async function findPending(keyFile: string): Promise<PendingRequest | undefined> {
  const file = pendingFileOf(keyFile);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return pendingRequest.parse(JSON.parse(text));
  } catch (cause) {
    throw new GatewayError('cli.usage', `The file ${file} is damaged.`, {
      cause,
      mend: 'Delete it and enroll anew.',
    });
  }
}
