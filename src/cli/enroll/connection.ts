import { GatewayError } from '../../errors/index.js';
import { createFastCodec, type ContentCipher } from '../../pkcs7/index.js';
import type { ScepClient, ScepSession, ScepSigner } from '../../scep/index.js';
import { createScepClient } from '../../scep/client/index.js';
import { withProgress } from '../progress.js';
import { note } from '../terminal.js';
import type { CipherChoice, EnrollFlags } from './enroll-flags.js';

/** A server that has said who it is and what it can do. */
export interface Connection {
  readonly client: ScepClient;
  readonly session: ScepSession;
}

export type ConnectionFlags = Pick<EnrollFlags, 'fingerprint' | 'identifier'> & {
  readonly url: string;
};

/** @throws GatewayError `cli.usage`, `scep.unreachable`, `scep.reply` */
export async function connect({
  url,
  fingerprint,
  identifier,
}: ConnectionFlags): Promise<Connection> {
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) {
    throw new GatewayError('cli.usage', `${url} is no http or https URL.`);
  }
  const client = createScepClient({ url, codec: createFastCodec() });
  const session = await withProgress(
    `Asking ${url}`,
    client.open({
      ...(fingerprint !== undefined && { fingerprint }),
      ...(identifier !== undefined && { identifier }),
    }),
  );
  if (fingerprint === undefined) noteFingerprint(session);
  return { client, session };
}

/** Whoever answers is believed then, so people get what they can compare. */
function noteFingerprint({ authority }: ScepSession): void {
  const ca = authority.certificates.find(({ subject }) => subject.matches(authority.issuer));
  const shown = ca ?? authority.recipient;
  note(`CA not checked: ${shown.subject.text}, SHA-256 ${shown.thumbprints.sha256}`);
  note('  → compare it with the thumbprint on the server and give it as --fingerprint');
}

export type MessageFlags = Pick<EnrollFlags, 'digest' | 'cipher' | 'oaep' | 'method'>;

/** How requests are signed, encrypted and sent; what is not said, the client chooses. */
export function messageOptions({ digest, cipher, oaep, method }: MessageFlags, signer: ScepSigner) {
  return {
    signer,
    ...(digest !== undefined && { digest }),
    ...(cipher !== undefined && { cipher: ciphers[cipher] }),
    ...(oaep !== undefined && {
      keyTransport: {
        kind: 'rsaes-oaep' as const,
        digest: oaep,
        mgfDigest: oaep,
        label: Buffer.alloc(0),
      },
    }),
    ...(method !== undefined && {
      method: method === 'get' ? ('GET' as const) : ('POST' as const),
    }),
  };
}

const ciphers: Readonly<Record<CipherChoice, ContentCipher>> = {
  des: 'des-cbc',
  '3des': 'des-ede3-cbc',
  aes128: 'aes-128-cbc',
  aes192: 'aes-192-cbc',
  aes256: 'aes-256-cbc',
};
