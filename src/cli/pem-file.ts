import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { GatewayError } from '../errors/index.js';
import { Certificate, readPem } from '../x509/index.js';
import { readNamedFile } from './standard-input.js';

/** The certificates of a file, PEM or DER. @throws GatewayError `cli.usage` */
export async function readCertificates(file: string): Promise<readonly Certificate[]> {
  const bytes = await readNamedFile(file);
  try {
    const blocks = readPem(bytes.toString('latin1')).filter(({ label }) =>
      /CERTIFICATE$/.test(label),
    );
    return blocks.length === 0
      ? [Certificate.fromDer(bytes)]
      : blocks.map(({ der }) => Certificate.fromDer(der));
  } catch (cause) {
    throw new GatewayError('cli.usage', `${file} holds no certificate that can be read.`, {
      cause,
    });
  }
}

/** The first of them. */
export async function readCertificate(file: string): Promise<Certificate> {
  const [certificate] = await readCertificates(file);
  if (certificate) return certificate;
  throw new GatewayError('cli.usage', `${file} holds no certificate.`);
}

/** Replaces the file as a whole: whoever reads it sees the old text or the new. */
export async function writeWhole(file: string, text: string, mode = 0o644): Promise<void> {
  const draft = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(draft, text, { mode, flag: 'wx' });
    await rename(draft, file);
  } catch (cause) {
    await rm(draft, { force: true });
    throw new GatewayError('cli.usage', `The file ${file} cannot be written.`, {
      cause,
      ...(cause instanceof Error && { mend: cause.message }),
    });
  }
}
