import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { GatewayError } from '../errors/index.js';
import type { Address } from '../ffi/index.js';
import { GssArena } from './arena.js';
import { failed, mechanisms, nameTypes, usages, withArena, type Gss } from './gss.js';
import type { KerberosCredentials } from './kerberos.types.js';
import { kerberosError } from './status.js';

/** A `gss_cred_id_t` that can do Kerberos in SPNEGO and nothing else. */
export interface Credential {
  readonly handle: Address;
  release(): void;
}

/**
 * Asks the KDC for a first ticket where there is a keytab.
 * @throws GatewayError `kerberos.credentials`, `kerberos.refused`, `kerberos.unavailable`
 */
export async function initiatorCredential(
  gss: Gss,
  credentials: KerberosCredentials,
): Promise<Credential> {
  if (credentials.kind === 'ccache') {
    const { ccache } = credentials;
    const wanted: Wanted = { usage: usages.initiate, store: [['ccache', ccache]] };
    return acquireLater(gss, wanted, {
      doing: `use the credential cache ${ccache}`,
      mend: 'Look with `klist` whether it is there and its tickets are valid.',
    });
  }
  const { keytab, principal } = credentials;
  await access(keytab, constants.R_OK).catch((cause: unknown) => {
    throw new GatewayError('kerberos.credentials', `The keytab ${keytab} cannot be read.`, {
      mend: 'Let the user of the gateway read the file.',
      cause,
    });
  });
  const store: Store = [
    ['client_keytab', keytab],
    // Of this process alone, and gone with it.
    ['ccache', `MEMORY:scep-gateway-${randomUUID()}`],
  ];
  return acquireLater(
    gss,
    { usage: usages.initiate, principal, store },
    {
      doing: `sign in as ${principal} with the keytab ${keytab}`,
      mend: 'Look with `klist -ek <keytab>` whether it holds the principal, with AES keys.',
    },
  );
}

/**
 * Reads the file at most.
 * @throws GatewayError `kerberos.credentials`
 */
export function acceptorCredential(gss: Gss, keytab: string): Credential {
  const wanted: Wanted = { usage: usages.accept, store: [['keytab', keytab]] };
  return withArena(gss, (arena) => {
    const call = acquisition(gss, arena, wanted);
    const major = gss.gss_acquire_cred_from.now(...call.values);
    return call.finish(major, {
      doing: `use the keytab ${keytab}`,
      mend: 'Look with `klist -ek <keytab>` whether it is there and holds AES keys.',
    });
  });
}

type Store = readonly (readonly [string, string])[];

interface Wanted {
  readonly usage: number;
  readonly principal?: string;
  readonly store: Store;
}

interface Advice {
  readonly doing: string;
  readonly mend: string;
}

async function acquireLater(gss: Gss, wanted: Wanted, advice: Advice): Promise<Credential> {
  const arena = new GssArena(gss.ffi);
  try {
    const call = acquisition(gss, arena, wanted);
    return call.finish(await gss.gss_acquire_cred_from.later(...call.values), advice);
  } finally {
    arena.free();
  }
}

function acquisition(gss: Gss, arena: GssArena, { usage, principal, store }: Wanted) {
  const minor = arena.room(4);
  const cell = arena.room(8);
  const name = principal === undefined ? 0n : importName(gss, arena, principal);
  const kinds = arena.oidSet(mechanisms.krb5, mechanisms.spnego);
  return {
    values: [minor, name, 0, kinds, usage, arena.keyValues(store), cell, 0n, 0n],
    finish(major: number, { doing, mend }: Advice): Credential {
      if (name !== 0n) releaseName(gss, name);
      const status = { major, minor: arena.uint32At(minor) };
      if (failed(status)) {
        throw kerberosError(gss, status, doing, { code: 'kerberos.credentials', mend });
      }
      const handle = arena.pointerAt(cell);
      // Plug-ins such as gss-ntlmssp offer themselves to SPNEGO as well.
      const narrowed = gss.gss_set_neg_mechs.now(minor, handle, arena.oidSet(mechanisms.krb5));
      if (narrowed !== 0) {
        releaseCredential(gss, handle);
        throw kerberosError(gss, { major: narrowed, minor: arena.uint32At(minor) }, doing);
      }
      return { handle, release: () => releaseCredential(gss, handle) };
    },
  };
}

/** A name as Kerberos writes it, `HTTP/ca1.corp.example`; to be released. */
export function importName(gss: Gss, arena: GssArena, text: string): Address {
  const minor = arena.room(4);
  const cell = arena.room(8);
  const name = arena.buffer(Buffer.from(text, 'utf8'));
  const major = gss.gss_import_name.now(minor, name, arena.oid(nameTypes.principal), cell);
  if (failed({ major, minor: 0 })) {
    throw new GatewayError('kerberos.credentials', 'A Kerberos name cannot be read.', {
      mend: 'Write `svc-scep@CORP.EXAMPLE` or `HTTP/ca1.corp.example`.',
    });
  }
  return arena.pointerAt(cell);
}

/** Every `gss_release_…` takes the place where the handle stands. */
export function releaseName(gss: Gss, name: Address): void {
  releaseWith(gss, name, (minor, cell) => gss.gss_release_name.now(minor, cell));
}

function releaseCredential(gss: Gss, handle: Address): void {
  releaseWith(gss, handle, (minor, cell) => gss.gss_release_cred.now(minor, cell));
}

function releaseWith(
  gss: Gss,
  handle: Address,
  release: (minor: Address, cell: Address) => unknown,
): void {
  withArena(gss, (arena) => {
    const cell = Buffer.alloc(8);
    cell.writeBigUInt64LE(handle);
    release(arena.room(4), arena.bytes(cell));
  });
}
