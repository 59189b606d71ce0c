import type { Pkcs7Codec } from '../../src/pkcs7/index.js';
import { envelopedDataContract } from './enveloped-data.contract.js';
import { opensslContract } from './openssl.contract.js';
import { signedDataContract } from './signed-data.contract.js';

export type MakeCodec = (options?: {
  readonly randomBytes?: (size: number) => Buffer;
}) => Pkcs7Codec;

/** Everything `codec.ts` promises, and that OpenSSL understands it and is understood. */
export function pkcs7CodecContract(name: string, make: MakeCodec): void {
  signedDataContract(name, make);
  envelopedDataContract(name, make);
  opensslContract(name, make);
}
