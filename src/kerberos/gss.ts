/** The GSS-API (RFC 2743, RFC 2744) of MIT Kerberos as far as we call it. */
import { loadFfi, type Ffi } from '../ffi/index.js';
import { GssArena } from './arena.js';

/** DER contents of object identifiers, without tag and length. */
export const mechanisms = {
  /** 1.2.840.113554.1.2.2 (RFC 4121) */
  krb5: Buffer.from('2a864886f712010202', 'hex'),
  /** 1.3.6.1.5.5.2 (RFC 4178) */
  spnego: Buffer.from('2b0601050502', 'hex'),
} as const;

export const nameTypes = {
  /** GSS_KRB5_NT_PRINCIPAL_NAME, 1.2.840.113554.1.2.2.1: names are taken as they are, without DNS. */
  principal: Buffer.from('2a864886f71201020201', 'hex'),
} as const;

export const contextFlags = {
  mutual: 0x2,
  replay: 0x4,
  sequence: 0x8,
  confidentiality: 0x10,
  integrity: 0x20,
  /** Three legs and no GSS framing, as DCE/RPC wants it (MS-KILE 3.4.5). */
  dceStyle: 0x1000,
  /** MIT 1.19: the initiator gave the channel bindings that the acceptor gave. */
  channelBound: 0x800,
} as const;

export const usages = { initiate: 1, accept: 2 } as const;

/** Kinds of `gss_iov_buffer_desc`. */
export const iovKinds = { data: 1, header: 2, signOnly: 11 } as const;

export interface GssStatus {
  readonly major: number;
  readonly minor: number;
}

export type Gss = Readonly<Record<keyof typeof prototypes, ReturnType<Ffi['nativeFunction']>>> & {
  readonly ffi: Ffi;
};

/** The first argument of each is `OM_uint32 *minor_status`. */
const prototypes = {
  gss_import_name: ['p', 'p', 'p', 'p'],
  gss_display_name: ['p', 'p', 'p', 'p'],
  gss_release_name: ['p', 'p'],
  gss_acquire_cred_from: ['p', 'p', 'u', 'p', 'i', 'p', 'p', 'p', 'p'],
  gss_set_neg_mechs: ['p', 'p', 'p'],
  gss_release_cred: ['p', 'p'],
  gss_init_sec_context: ['p', 'p', 'p', 'p', 'p', 'u', 'u', 'p', 'p', 'p', 'p', 'p', 'p'],
  gss_accept_sec_context: ['p', 'p', 'p', 'p', 'p', 'p', 'p', 'p', 'p', 'p', 'p'],
  gss_delete_sec_context: ['p', 'p', 'p'],
  gss_release_buffer: ['p', 'p'],
  gss_display_status: ['p', 'u', 'i', 'p', 'p', 'p'],
  gss_wrap: ['p', 'p', 'i', 'u', 'p', 'p', 'p'],
  gss_unwrap: ['p', 'p', 'p', 'p', 'p', 'p'],
  gss_wrap_iov_length: ['p', 'p', 'i', 'u', 'p', 'p', 'i'],
  gss_wrap_iov: ['p', 'p', 'i', 'u', 'p', 'p', 'i'],
  gss_unwrap_iov: ['p', 'p', 'p', 'p', 'p', 'i'],
} as const;

/** @throws GatewayError `kerberos.library` */
export async function loadGss(): Promise<Gss> {
  const ffi = await loadFfi({
    file: 'libgssapi_krb5.so.2',
    code: 'kerberos.library',
    subject: 'Kerberos',
    mends: {
      notLoaded:
        'Install MIT Kerberos: `apt-get install libgssapi-krb5-2`, or `dnf install krb5-libs`.',
      tooOld: 'Install MIT Kerberos 1.19 or newer.',
    },
  });
  const found = (name: keyof typeof prototypes) => ffi.nativeFunction(name, prototypes[name]);
  return {
    ffi,
    gss_import_name: found('gss_import_name'),
    gss_display_name: found('gss_display_name'),
    gss_release_name: found('gss_release_name'),
    gss_acquire_cred_from: found('gss_acquire_cred_from'),
    gss_set_neg_mechs: found('gss_set_neg_mechs'),
    gss_release_cred: found('gss_release_cred'),
    gss_init_sec_context: found('gss_init_sec_context'),
    gss_accept_sec_context: found('gss_accept_sec_context'),
    gss_delete_sec_context: found('gss_delete_sec_context'),
    gss_release_buffer: found('gss_release_buffer'),
    gss_display_status: found('gss_display_status'),
    gss_wrap: found('gss_wrap'),
    gss_unwrap: found('gss_unwrap'),
    gss_wrap_iov_length: found('gss_wrap_iov_length'),
    gss_wrap_iov: found('gss_wrap_iov'),
    gss_unwrap_iov: found('gss_unwrap_iov'),
  };
}

/** Runs `use` with memory that is freed afterwards. */
export function withArena<T>(gss: Gss, use: (arena: GssArena) => T): T {
  const arena = new GssArena(gss.ffi);
  try {
    return use(arena);
  } finally {
    arena.free();
  }
}

/** Error bits of a major status; what is left are hints such as GSS_S_CONTINUE_NEEDED. */
export function failed({ major }: GssStatus): boolean {
  return major >>> 16 !== 0;
}

export const continueNeeded = 1;
