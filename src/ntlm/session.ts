/** What protects messages after the sign-in (MS-NLMP 3.4), with extended session security and 128 bits. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createRc4 } from './rc4.js';

/**
 * One security context. Sequence numbers and RC4 streams run on with each call, so calls must come in the
 * order of the messages. Once `verify` or `unseal` has failed, the streams no longer agree: end the connection.
 */
export interface NtlmSession {
  /** The signature of the next outgoing message: 16 octets (MS-NLMP 2.2.2.9.2). */
  sign(message: Buffer): Buffer;
  /** True when it is the signature of the next incoming message. */
  verify(message: Buffer, signature: Buffer): boolean;
  /** Enciphers the next outgoing message. */
  seal(plaintext: Buffer, around?: SignedAround): { sealed: Buffer; signature: Buffer };
  /** The next incoming message; undefined when its signature is wrong. */
  unseal(sealed: Buffer, signature: Buffer, around?: SignedAround): Buffer | undefined;
  /** Both RC4 streams begin anew, the numbers run on: after the mechListMIC of SPNEGO (MS-SPNG §3.3.5.1). */
  restartCiphers(): void;
}

/** What is signed with a sealed message and sent in the clear: header and trailer of a DCE/RPC PDU. */
interface SignedAround {
  readonly before?: Buffer;
  readonly after?: Buffer;
}

type Side = 'client' | 'server';

/** @param exportedSessionKey 16 octets; the key exchange must have been negotiated */
export function createNtlmSession(exportedSessionKey: Buffer, side: Side): NtlmSession {
  const outgoing = createDirection(exportedSessionKey, side);
  const incoming = createDirection(exportedSessionKey, side === 'client' ? 'server' : 'client');

  return {
    sign: (message) => outgoing.signature([message]),
    verify: (message, signature) => incoming.isSignature(signature, [message]),
    seal(plaintext, { before = nothing, after = nothing } = {}) {
      const sealed = outgoing.cipher(plaintext);
      return { sealed, signature: outgoing.signature([before, plaintext, after]) };
    },
    unseal(sealed, signature, { before = nothing, after = nothing } = {}) {
      const plaintext = incoming.cipher(sealed);
      return incoming.isSignature(signature, [before, plaintext, after]) ? plaintext : undefined;
    },
    restartCiphers() {
      outgoing.restartCipher();
      incoming.restartCipher();
    },
  };
}

const nothing = Buffer.alloc(0);

/** Keys, stream and count of what one side sends. */
interface Direction {
  readonly cipher: (octets: Buffer) => Buffer;
  signature(parts: readonly Buffer[]): Buffer;
  isSignature(signature: Buffer, parts: readonly Buffer[]): boolean;
  restartCipher(): void;
}

function createDirection(sessionKey: Buffer, sender: Side): Direction {
  const signingKey = directionKey(sessionKey, sender, 'signing');
  const sealingKey = directionKey(sessionKey, sender, 'sealing');
  let stream = createRc4(sealingKey);
  const cipher = (octets: Buffer) => stream(octets);
  let sequenceNumber = 0;

  function signature(parts: readonly Buffer[]): Buffer {
    const number = Buffer.alloc(4);
    number.writeUInt32LE(sequenceNumber);
    sequenceNumber = (sequenceNumber + 1) >>> 0;
    const hmac = createHmac('md5', signingKey).update(number);
    for (const part of parts) hmac.update(part);
    const checksum = cipher(hmac.digest().subarray(0, 8));
    return Buffer.concat([version, checksum, number]);
  }

  return {
    cipher,
    signature,
    isSignature: (given, parts) => given.length === 16 && timingSafeEqual(signature(parts), given),
    restartCipher() {
      stream = createRc4(sealingKey);
    },
  };
}

const version = Buffer.from([1, 0, 0, 0]);

/** SIGNKEY and SEALKEY (MS-NLMP 3.4.5.2, 3.4.5.3). */
function directionKey(sessionKey: Buffer, sender: Side, use: 'signing' | 'sealing'): Buffer {
  const way = sender === 'client' ? 'client-to-server' : 'server-to-client';
  return createHash('md5')
    .update(sessionKey)
    .update(`session key to ${way} ${use} key magic constant\0`, 'latin1')
    .digest();
}
