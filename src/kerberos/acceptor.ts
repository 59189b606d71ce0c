import { readFile } from 'node:fs/promises';
import { GatewayError } from '../errors/index.js';
import type { Address } from '../ffi/index.js';
import { GssArena } from './arena.js';
import { channelBindings } from './channel-binding.js';
import { acceptorCredential, releaseName, type Credential } from './credential.js';
import { contextFlags, continueNeeded, failed, mechanisms, withArena, type Gss } from './gss.js';
import { keytabPrincipals } from './keytab.js';
import type {
  AcceptOutcome,
  ChannelBindingPolicy,
  KerberosAcceptor,
  KerberosAcceptors,
} from './kerberos.types.js';
import { statusText } from './status.js';

/**
 * Judges tickets with the keys of a keytab. Asks nobody, so it answers at once.
 * @throws GatewayError `kerberos.credentials`
 */
export async function createAcceptors(gss: Gss, keytab: string): Promise<KerberosAcceptors> {
  // The library looks at the file when the first ticket comes.
  const principals = await readKeytab(keytab);
  const credential = acceptorCredential(gss, keytab);
  return {
    principals,
    create: (binding) => createAcceptor(gss, credential, binding),
    close: () => credential.release(),
  };
}

async function readKeytab(keytab: string): Promise<readonly string[]> {
  const file = await readFile(keytab).catch((cause: unknown) => {
    throw new GatewayError('kerberos.credentials', `The keytab ${keytab} cannot be read.`, {
      mend: 'Let the user of the gateway read the file.',
      cause,
    });
  });
  const principals = keytabPrincipals(file);
  if (principals && principals.length > 0) return principals;
  throw new GatewayError('kerberos.credentials', `The keytab ${keytab} holds no key.`, {
    mend: 'Make it with `ktpass` or `samba-tool domain exportkeytab`; `klist -ek` shows what is in it.',
  });
}

interface Binding {
  readonly policy: ChannelBindingPolicy;
  readonly data: Buffer | undefined;
}

/** More than any ticket: MIT and Windows stop at 64 KiB. */
const largestToken = 65_536;

function createAcceptor(gss: Gss, credential: Credential, binding: Binding): KerberosAcceptor {
  const memory = new GssArena(gss.ffi);
  /** Where the `gss_ctx_id_t` stands. */
  const context = memory.room(8);
  let closed = false;

  function step(arena: GssArena, token: Buffer): AcceptOutcome {
    const minor = arena.room(4);
    const source = arena.room(8);
    const mechanism = arena.room(8);
    const output = arena.buffer();
    const flags = arena.room(4);
    const data = binding.policy === 'off' ? undefined : binding.data;
    const major = gss.gss_accept_sec_context.now(
      ...[minor, context, credential.handle, arena.buffer(token), channelBindings(arena, data)],
      ...[source, mechanism, output, flags, 0n, 0n],
    );
    const answer = arena.bufferAt(output);
    const status = { major, minor: arena.uint32At(minor) };
    const name = arena.pointerAt(source);
    const principal = displayName(gss, arena, name);
    gss.gss_release_buffer.now(arena.room(4), output);
    if (name !== 0n) releaseName(gss, name);
    // Beside "continue", the low bits say that the token is old or was seen before.
    if (failed(status) || (major & ~continueNeeded) !== 0) {
      const reason = statusText(gss, status);
      return { kind: 'refused', why: whyRefused(status, reason), reason };
    }
    if ((major & continueNeeded) !== 0) return { kind: 'continue', token: answer };
    if (!arena.oidAt(arena.pointerAt(mechanism)).equals(mechanisms.krb5)) {
      return { kind: 'refused', why: 'token', reason: 'The mechanism is not Kerberos.' };
    }
    const channelBound = (arena.uint32At(flags) & contextFlags.channelBound) !== 0;
    if (binding.policy === 'required' && !channelBound) {
      return {
        kind: 'refused',
        why: 'channel-binding',
        reason: `${principal ?? 'The client'} sent no channel binding.`,
      };
    }
    if (principal === undefined) {
      return { kind: 'refused', why: 'token', reason: 'The ticket names nobody.' };
    }
    return { kind: 'accepted', token: answer, principal, channelBound };
  }

  return {
    step(token) {
      if (closed) throw new RangeError('the context is closed');
      if (token.length === 0 || token.length > largestToken) {
        return { kind: 'refused', why: 'token', reason: `A token of ${token.length} octets.` };
      }
      return withArena(gss, (arena) => step(arena, token));
    },
    close() {
      if (closed) return;
      closed = true;
      withArena(gss, (arena) => gss.gss_delete_sec_context.now(arena.room(4), context, 0n));
      memory.free();
    },
  };
}

/** `user@REALM`; undefined when there is no name, or an odd one. */
function displayName(gss: Gss, arena: GssArena, name: Address): string | undefined {
  if (name === 0n) return undefined;
  const text = arena.buffer();
  const major = gss.gss_display_name.now(arena.room(4), name, text, 0n);
  const shown = arena.bufferAt(text).toString('utf8');
  gss.gss_release_buffer.now(arena.room(4), text);
  return failed({ major, minor: 0 }) || shown === '' ? undefined : shown;
}

function whyRefused({ major }: { readonly major: number }, text: string) {
  if (((major >>> 16) & 0xff) === badBindings) return 'channel-binding';
  if ((major & duplicateToken) !== 0 || /replay/i.test(text)) return 'replay';
  if (/Clock skew|expired|not yet valid/i.test(text)) return 'clock';
  return keyFaults.test(text) ? 'key' : 'token';
}

/** RFC 2744 §3.9.1. */
const badBindings = 4;
const duplicateToken = 0x2;
/** The ticket is for a key that the keytab has not: wrong principal, wrong version, wrong key. */
const keyFaults = /key table|keytab|Decrypt integrity|wrong principal|key version|not for us/i;
