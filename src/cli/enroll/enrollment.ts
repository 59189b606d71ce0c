import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { GatewayError } from '../../errors/index.js';
import type { SoftwareKey } from '../../keys/index.js';
import type { EnrollOptions, ScepSigner } from '../../scep/index.js';
import { selfSignedSigner } from '../../scep/client/index.js';
import { Certificate, parseCertificationRequest, readPem } from '../../x509/index.js';
import { readCertificate } from '../pem-file.js';
import { readPrivateKey } from '../private-key.js';
import { withProgress } from '../progress.js';
import { readNamedFile, readStandardInput } from '../standard-input.js';
import { note } from '../terminal.js';
import { connect, messageOptions } from './connection.js';
import type { EnrollFlags } from './enroll-flags.js';
import { keyIn, usualKeyFile } from './identity.js';
import { findPending, pendingFileOf, type PendingRequest } from './pending-file.js';
import { pollUntilDecided } from './polling.js';
import { conclude } from './result.js';
import { makeSigningRequest, subjectOf } from './signing-request.js';

/** What is asked, and with which keys. */
interface Request {
  readonly csr: Buffer;
  readonly signer: ScepSigner;
  readonly signerKeyFile: string;
  readonly messageType: NonNullable<EnrollOptions['messageType']>;
  /** The pending file stands beside it. */
  readonly keyFile: string;
}

/** PKCSReq or RenewalReq, and polls while `--wait` lasts. @returns the exit code */
export async function requestCertificate(
  flags: EnrollFlags & { readonly url: string },
): Promise<number> {
  // Who answers is known before a key is made or a challenge is read.
  const connection = await connect(flags);
  const request = flags.renew ? await renewal(flags) : await firstRequest(flags);
  const { csr, signer, messageType, keyFile } = request;
  const outcome = await withProgress(
    'Enrolling',
    connection.client.enroll(connection.session, {
      ...messageOptions(flags, signer),
      csr,
      messageType,
    }),
  );
  const pending = pendingOf(flags, request, outcome.transactionId);
  const work = { connection, pending, signer, keyFile, flags };
  return conclude(outcome.kind === 'pending' ? await pollUntilDecided(work) : outcome, work);
}

/** CertPoll for a request that was pending. @returns the exit code */
export async function pollPending(flags: EnrollFlags): Promise<number> {
  const { key: keyFile } = flags;
  if (keyFile === undefined) {
    throw new GatewayError('cli.usage', 'Which request?', {
      mend: 'Give the --key it was made with: its pending file stands beside the key.',
    });
  }
  const pending = await findPending(keyFile);
  if (pending === undefined) {
    throw new GatewayError('cli.not-found', `Nothing is pending for ${keyFile}.`, {
      mend: `There is no ${pendingFileOf(keyFile)}; enroll first.`,
    });
  }
  const connection = await connect({
    url: flags.url ?? pending.url,
    fingerprint: flags.fingerprint ?? pending.fingerprint,
    identifier: flags.identifier ?? pending.identifier,
  });
  const signer = {
    certificate: Certificate.fromDer(Buffer.from(pending.signerCertificate, 'base64')),
    key: await readPrivateKey(pending.signerKey, flags.passphraseFile),
  };
  const work = { connection, pending, signer, keyFile, flags };
  return conclude(await pollUntilDecided(work), work);
}

async function firstRequest(flags: EnrollFlags): Promise<Request> {
  const given = flags.csr === undefined ? undefined : await readSigningRequest(flags.csr);
  const subject = given?.subject.der ?? subjectOf(flags);
  const keyFile = flags.key ?? usualKeyFile(subject);
  await refuseSecond(keyFile);
  const key = await keyIn(keyFile, flags);
  if (given && given.publicKey.id !== key.publicKey.id) {
    note(`the key in ${keyFile} is not that of the CSR: it signs the message and opens the reply`);
  }
  const csr =
    given?.der ??
    (await makeSigningRequest(flags, key, replyPassword(await challengeOf(flags), key)));
  const signer = await selfSignedSigner({ key, subject });
  return { csr, signer, signerKeyFile: keyFile, messageType: 'PKCSReq', keyFile };
}

async function renewal(flags: EnrollFlags): Promise<Request> {
  if (flags.cert === undefined || flags.key === undefined) {
    throw new GatewayError('cli.usage', 'A renewal needs the old certificate and its key.', {
      mend: 'Give --cert old.pem --key old.key, and --new-key new.key for a new key.',
    });
  }
  const keyFile = flags.newKey ?? flags.key;
  await refuseSecond(keyFile);
  const certificate = await readCertificate(flags.cert);
  const oldKey = await readPrivateKey(flags.key, flags.passphraseFile);
  if (certificate.publicKey.id !== oldKey.publicKey.id) {
    throw new GatewayError('cli.usage', `The key in ${flags.key} is not that of ${flags.cert}.`);
  }
  const key = flags.newKey === undefined ? oldKey : await keyIn(flags.newKey, flags);
  const csr = flags.csr
    ? (await readSigningRequest(flags.csr)).der
    : await makeSigningRequest(
        flags,
        key,
        replyPassword(await challengeOf(flags), oldKey),
        certificate,
      );
  return {
    csr,
    signer: { certificate, key: oldKey },
    signerKeyFile: flags.key,
    messageType: flags.pkcsreq ? 'PKCSReq' : 'RenewalReq',
    keyFile,
  };
}

async function readSigningRequest(file: string) {
  const bytes = await readNamedFile(file);
  const block = readPem(bytes.toString('latin1')).find(({ label }) =>
    label.endsWith('CERTIFICATE REQUEST'),
  );
  return parseCertificationRequest(block?.der ?? bytes);
}

async function challengeOf({ challenge, challengeFile }: EnrollFlags): Promise<string | undefined> {
  if (challengeFile === undefined) return challenge;
  if (challenge !== undefined) {
    throw new GatewayError('cli.usage', 'Give --challenge or --challenge-file, not both.');
  }
  const bytes =
    challengeFile === '-' ? await readStandardInput() : await readNamedFile(challengeFile);
  const [line = ''] = bytes.toString('utf8').split(/\r?\n/);
  if (line !== '') return line;
  throw new GatewayError('cli.usage', 'The challenge is empty.');
}

/**
 * An EC key cannot open a reply; the challengePassword does (RFC 8894 §3.1). Where nobody gave one, as in
 * a renewal, one of our own serves.
 */
function replyPassword(challenge: string | undefined, signer: SoftwareKey): string | undefined {
  if (challenge !== undefined || signer.publicKey.kind === 'rsa') return challenge;
  return randomBytes(16).toString('hex');
}

async function refuseSecond(keyFile: string): Promise<void> {
  const pending = await findPending(keyFile);
  if (pending === undefined) return;
  throw new GatewayError(
    'cli.usage',
    `A request of this key is pending since ${pending.since.slice(0, 16).replace('T', ' ')}.`,
    {
      mend: `Resume it with --poll --key ${keyFile}, or delete ${pendingFileOf(keyFile)} to begin anew.`,
    },
  );
}

function pendingOf(
  flags: EnrollFlags & { readonly url: string },
  { csr, signer, signerKeyFile }: Request,
  transactionId: string,
): PendingRequest {
  const { url, fingerprint, identifier, digest, cipher, oaep, method } = flags;
  return {
    url,
    transactionId,
    csr: csr.toString('base64'),
    signerCertificate: signer.certificate.der.toString('base64'),
    signerKey: resolve(signerKeyFile),
    fingerprint,
    identifier,
    digest,
    cipher,
    oaep,
    method,
    since: new Date().toISOString(),
  };
}
