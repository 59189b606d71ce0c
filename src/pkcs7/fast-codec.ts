import { randomBytes as systemRandomBytes } from 'node:crypto';
import type { Pkcs7Codec } from './codec.js';
import { FastEnvelope } from './fast-envelope.js';
import { FastSignedMessage } from './fast-signed-message.js';
import { FastWriter } from './fast-writer.js';

interface FastCodecOptions {
  /** Content keys, IVs and salts; for tests. */
  readonly randomBytes?: (size: number) => Buffer;
}

/**
 * The default codec: the structural guard's own walk is the parse, everything else reads it through
 * views, and replies are written straight as DER.
 */
export function createFastCodec({ randomBytes }: FastCodecOptions = {}): Pkcs7Codec {
  const writer = new FastWriter(randomBytes ?? systemRandomBytes);
  return {
    name: 'fast',
    readSigned: (message) => FastSignedMessage.read(message),
    verifySigned: (message, certificate) => {
      if (!(message instanceof FastSignedMessage)) throw foreign();
      return message.verify(certificate);
    },
    readEnvelope: (content) => FastEnvelope.read(content),
    openEnvelope: async (envelope, { recipients, password }) => {
      if (!(envelope instanceof FastEnvelope)) throw foreign();
      return envelope.open(recipients, password);
    },
    seal: (content, cipher, recipients) => writer.seal(content, cipher, recipients),
    sign: (request) => writer.sign(request),
  };
}

function foreign(): TypeError {
  return new TypeError('read by another codec');
}
