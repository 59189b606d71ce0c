/** gss_wrap, and gss_wrap_iov in the way of DCE/RPC (draft-brezak-win2k-krb-rc4-hmac, MS-KILE 3.4.5). */
import { GatewayError } from '../errors/index.js';
import type { Address } from '../ffi/index.js';
import { putBuffer, type GssArena } from './arena.js';
import { failed, iovKinds, withArena, type Gss } from './gss.js';
import type { MessageProtection, PduParts } from './kerberos.types.js';
import { kerberosError } from './status.js';

const encrypted = 1;

/** @param context a `gss_ctx_id_t` that stands for as long as this is used */
export function messageProtection(gss: Gss, context: () => Address): MessageProtection {
  /** Runs a function that fills one buffer from another. */
  function convert(
    doing: string,
    message: Buffer,
    call: (minor: Address, input: Address, output: Address, encryption: Address) => number,
  ): Buffer {
    return withArena(gss, (arena) => {
      const minor = arena.room(4);
      const output = arena.buffer();
      const encryption = arena.room(4);
      const major = call(minor, arena.buffer(message), output, encryption);
      const result = arena.bufferAt(output);
      gss.gss_release_buffer.now(arena.room(4), output);
      check(gss, arena, major, minor, doing);
      if (arena.uint32At(encryption) === 0) throw notEncrypted();
      return result;
    });
  }

  return {
    wrap: (message) =>
      convert('seal a message', message, (minor, input, output, encryption) =>
        gss.gss_wrap.now(minor, context(), encrypted, 0, input, encryption, output),
      ),
    unwrap: (message) =>
      convert('open a message', message, (minor, input, output, encryption) =>
        gss.gss_unwrap.now(minor, context(), input, output, encryption, 0n),
      ),
    signatureLength: (stubLength) =>
      withArena(gss, (arena) => signatureLength(gss, arena, context(), stubLength)),
    sealPdu: (pdu) =>
      withArena(gss, (arena) => {
        const length = signatureLength(gss, arena, context(), pdu.stub.length);
        const vector = pduVector(arena, pdu, Buffer.alloc(length));
        const minor = arena.room(4);
        const encryption = arena.room(4);
        const major = gss.gss_wrap_iov.now(
          ...[minor, context(), encrypted, 0, encryption, vector.address, vector.count],
        );
        check(gss, arena, major, minor, 'seal a PDU');
        if (arena.uint32At(encryption) === 0) throw notEncrypted();
        return { stub: vector.stub(), signature: vector.signature() };
      }),
    unsealPdu: (pdu) =>
      withArena(gss, (arena) => {
        const vector = pduVector(arena, pdu, pdu.signature);
        const minor = arena.room(4);
        const encryption = arena.room(4);
        const major = gss.gss_unwrap_iov.now(
          ...[minor, context(), encryption, 0n, vector.address, vector.count],
        );
        check(gss, arena, major, minor, 'open a PDU');
        if (arena.uint32At(encryption) === 0) throw notEncrypted();
        return vector.stub();
      }),
  };
}

function check(gss: Gss, arena: GssArena, major: number, minor: Address, doing: string): void {
  const status = { major, minor: arena.uint32At(minor) };
  // The low bits say that a message is old, repeated or out of order: none of that happens on TCP.
  if (failed(status) || major !== 0) throw kerberosError(gss, status, doing);
}

function notEncrypted(): GatewayError {
  return new GatewayError('kerberos.refused', 'A message is not encrypted.');
}

function signatureLength(gss: Gss, arena: GssArena, context: Address, stubLength: number): number {
  const minor = arena.room(4);
  const vector = pduVector(
    arena,
    { header: Buffer.alloc(0), stub: Buffer.alloc(stubLength), trailer: Buffer.alloc(0) },
    Buffer.alloc(0),
  );
  const major = gss.gss_wrap_iov_length.now(
    ...[minor, context, encrypted, 0, arena.room(4), vector.address, vector.count],
  );
  check(gss, arena, major, minor, 'measure a signature');
  return vector.signatureLength();
}

/** Four `gss_iov_buffer_desc`: what is signed only, what is sealed in place, and where the signature goes. */
function pduVector(arena: GssArena, { header, stub, trailer }: PduParts, signature: Buffer) {
  const parts = [
    { kind: iovKinds.signOnly, bytes: header },
    { kind: iovKinds.data, bytes: stub },
    { kind: iovKinds.signOnly, bytes: trailer },
    { kind: iovKinds.header, bytes: signature },
  ];
  const descriptors = Buffer.alloc(iovSize * parts.length);
  parts.forEach(({ kind, bytes }, index) => {
    descriptors.writeUInt32LE(kind, iovSize * index);
    putBuffer(descriptors, iovSize * index + 8, bytes.length, arena.bytes(bytes));
  });
  const address = arena.bytes(descriptors);
  const at = (index: number) => address + BigInt(iovSize * index + 8);
  return {
    address,
    count: parts.length,
    stub: () => arena.bufferAt(at(1)),
    signature: () => arena.bufferAt(at(3)),
    /** Before there is one, what a length call says it will be. */
    signatureLength: () => arena.lengthAt(at(3)),
  };
}

const iovSize = 24;
