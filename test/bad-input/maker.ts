/** Makes messages for the fixed authority that are right in everything but what a test makes wrong. */
import { createFastCodec } from '../../src/pkcs7/index.js';
import { certificationRequest, type CertificationRequestOptions } from '../support/certificates.js';
import { fixedAuthority } from '../support/fixed-authority.js';
import { testKey, type TestKeyName } from '../support/keys.js';
import {
  pkiMessage,
  testDevice,
  type PkiMessageOptions,
  type TestSigner,
} from '../support/pki-message.js';
import type { Told } from './answer.js';

/** A challenge that opens the profile these messages are sent to, any number of times. */
export const staticSecret = 'a secret for bad input';
export const subject = 'CN=device-1,O=Example';

export interface BadMessage {
  readonly name: string;
  readonly bytes: Buffer;
  readonly told: Told;
}

export type Row = readonly [name: string, bytes: Buffer | Promise<Buffer>, told: Told];

export interface Maker {
  readonly ca: TestSigner;
  readonly ra: TestSigner;
  readonly device: TestSigner;
  readonly otherDevice: TestSigner;
  readonly ecDevice: TestSigner;
  /** A CSR of `device` that opens the profile. */
  readonly csr: Buffer;
  /** The same in an envelope for the RA. */
  readonly envelope: Buffer;
  /** A PKCSReq of `device` in a transaction of its own. */
  readonly message: (options?: Partial<PkiMessageOptions>) => Promise<Buffer>;
  readonly messageWithCsr: (
    options: CertificationRequestOptions,
    key?: TestKeyName,
  ) => Promise<Buffer>;
}

/** @param always what every message has */
export async function createMaker(always: Partial<PkiMessageOptions> = {}): Promise<Maker> {
  const authority = await fixedAuthority();
  const device = await testDevice();
  const codec = createFastCodec();
  let transactions = 0;
  const csrOf = (options: CertificationRequestOptions, key: TestKeyName): Promise<Buffer> =>
    certificationRequest(testKey(key), { subject, challengePassword: staticSecret, ...options });
  const csr = await csrOf({}, 'client');
  const message: Maker['message'] = (options = {}) =>
    pkiMessage({
      signer: device,
      recipients: [authority.ra.certificate],
      content: csr,
      transactionId: `bad-${++transactions}`,
      ...always,
      ...options,
    });
  const { certificate } = authority.ra;
  const recipient = {
    kind: 'certificate',
    certificate,
    keyTransport: { kind: 'rsaes-pkcs1-v1_5' },
  } as const;
  return {
    ...authority,
    device,
    otherDevice: await testDevice('client-2'),
    ecDevice: await testDevice('client-p-256'),
    csr,
    envelope: await codec.seal(csr, 'aes-128-cbc', [recipient]),
    message,
    messageWithCsr: async (options, key = 'client') =>
      message({ content: await csrOf(options, key) }),
  };
}
