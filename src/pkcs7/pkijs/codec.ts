import { randomBytes as systemRandomBytes } from 'node:crypto';
import type { Pkcs7Codec } from '../codec.js';
import { GatewayEngine } from './gateway-engine.js';
import { PkijsEnvelope } from './envelope.js';
import { PkijsSignedMessage } from './signed-message.js';
import { PkijsWriter } from './writer.js';

export interface PkijsCodecOptions {
  /** Content keys, IVs and salts; for tests. */
  readonly randomBytes?: (size: number) => Buffer;
}

/**
 * The reference codec: SignedData and EnvelopedData through pkijs classes with an engine of ours. Slower
 * than the fast codec by an order of magnitude, and there to be agreed with.
 */
export function createPkijsCodec({ randomBytes }: PkijsCodecOptions = {}): Pkcs7Codec {
  const engine = new GatewayEngine();
  const writer = new PkijsWriter(engine, randomBytes ?? systemRandomBytes);
  return {
    name: 'pkijs',
    readSigned: (message) => PkijsSignedMessage.read(message),
    verifySigned: (message, certificate) => {
      if (!(message instanceof PkijsSignedMessage)) throw foreign();
      return message.verify(certificate);
    },
    readEnvelope: (content) => PkijsEnvelope.read(content),
    openEnvelope: async (envelope, { recipients, password }) => {
      if (!(envelope instanceof PkijsEnvelope)) throw foreign();
      return envelope.open(engine, recipients, password);
    },
    seal: (content, cipher, recipients) => writer.seal(content, cipher, recipients),
    sign: (request) => writer.sign(request),
  };
}

function foreign(): TypeError {
  return new TypeError('read by another codec');
}
