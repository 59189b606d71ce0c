/** The errors of this room, each made in one place so that failures which must look alike do. */
import { GatewayError, isGatewayError } from '../errors/index.js';

export function malformed(detail: string, cause?: unknown): GatewayError {
  return new GatewayError('cms.malformed', 'The message is not a well-formed CMS message.', {
    detail,
    cause,
  });
}

/** Runs a reader behind the structural guard: whatever it trips over is a malformed CMS message. */
export function asMalformed<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (isGatewayError(error) && error.code.startsWith('cms.')) throw error;
    throw malformed(isGatewayError(error) ? (error.detail ?? error.code) : String(error), error);
  }
}

/**
 * Every reason why a content could not be had: wrong key, damaged key, bad padding, garbage inside.
 * `detail` only for what the sender knows anyway (whom the message names), never for what a key told.
 */
export function undecryptable(detail?: string): GatewayError {
  return new GatewayError(
    'cms.undecryptable',
    'The message cannot be decrypted.',
    detail === undefined ? {} : { detail },
  );
}

/** A recipient nothing can be encrypted to: no RSA key, or one too small for the padding. */
export function unusableRecipient(detail: string): GatewayError {
  return new GatewayError('cms.recipient', 'The recipient key cannot be encrypted to.', { detail });
}

/** An algorithm outside the tables; named for the person who has to change the client. */
export function unsupportedAlgorithm(role: AlgorithmRole, oid: string): GatewayError {
  const name = knownNames[oid] ?? `an unknown algorithm (${oid})`;
  return new GatewayError('cms.algorithm', `The ${role} is ${name}, which is not supported.`, {
    detail: `${role} ${oid}`,
  });
}

export type AlgorithmRole = 'digest' | 'signature algorithm' | 'content cipher';

/** Algorithms a peer has been seen to name, or could, that the gateway does not do. */
const knownNames: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.2': 'MD2',
  '1.2.840.113549.2.4': 'MD4',
  '1.3.36.3.2.1': 'RIPEMD-160',
  '2.16.840.1.101.3.4.2.4': 'SHA-224',
  '2.16.840.1.101.3.4.2.6': 'SHA-512/256',
  '2.16.840.1.101.3.4.2.8': 'SHA3-256',
  '2.16.840.1.101.3.4.2.9': 'SHA3-384',
  '2.16.840.1.101.3.4.2.10': 'SHA3-512',
  '1.2.840.113549.1.1.2': 'MD2 with RSA',
  '1.2.840.113549.1.1.3': 'MD4 with RSA',
  '1.2.840.113549.1.1.14': 'SHA-224 with RSA',
  '1.2.840.10040.4.1': 'DSA',
  '1.2.840.10040.4.3': 'DSA with SHA-1',
  '2.16.840.1.101.3.4.3.2': 'DSA with SHA-256',
  '1.2.840.10045.4.3.1': 'ECDSA with SHA-224',
  '1.3.101.112': 'Ed25519',
  '1.3.101.113': 'Ed448',
  '1.2.840.113549.3.2': 'RC2-CBC',
  '1.2.840.113549.3.4': 'RC4',
  '1.2.840.113549.3.9': 'RC5-CBC',
  '1.2.840.113533.7.66.10': 'CAST5-CBC',
  '1.2.410.200004.1.4': 'SEED-CBC',
  '1.2.392.200011.61.1.1.1.2': 'Camellia-128-CBC',
  '1.2.392.200011.61.1.1.1.4': 'Camellia-256-CBC',
  '2.16.840.1.101.3.4.1.6': 'AES-128-GCM',
  '2.16.840.1.101.3.4.1.26': 'AES-192-GCM',
  '2.16.840.1.101.3.4.1.46': 'AES-256-GCM',
};
