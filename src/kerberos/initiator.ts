import { GatewayError } from '../errors/index.js';
import { GssArena } from './arena.js';
import { channelBindings } from './channel-binding.js';
import { importName, initiatorCredential, releaseName, type Credential } from './credential.js';
import type { Gate } from './gate.js';
import { contextFlags, continueNeeded, failed, mechanisms, withArena, type Gss } from './gss.js';
import type {
  KerberosCredentials,
  KerberosInitiator,
  KerberosInitiators,
  KerberosLimits,
  KerberosTarget,
} from './kerberos.types.js';
import { messageProtection } from './message-protection.js';
import { kerberosError } from './status.js';

export function createInitiators(
  gss: Gss,
  gate: Gate,
  credentials: KerberosCredentials,
  limits: KerberosLimits,
): KerberosInitiators {
  // Shared by the contexts that use it; a keytab that cannot be used now may be mended later.
  let credential: Credential | undefined;
  let users = 0;
  let closed = false;

  function release(): void {
    if (!closed || users > 0) return;
    credential?.release();
    credential = undefined;
  }

  return {
    create: (target) => {
      users += 1;
      return createInitiator(gss, gate, {
        target,
        stepMillis: limits.stepMillis,
        async credential() {
          credential ??= await initiatorCredential(gss, credentials);
          return credential;
        },
        done() {
          users -= 1;
          release();
        },
      });
    },
    close() {
      closed = true;
      release();
    },
  };
}

interface InitiatorOptions {
  readonly target: KerberosTarget;
  readonly stepMillis: number;
  /** One at a time, behind the gate. */
  readonly credential: () => Promise<Credential>;
  readonly done: () => void;
}

const usualFlags =
  contextFlags.mutual |
  contextFlags.replay |
  contextFlags.sequence |
  contextFlags.confidentiality |
  contextFlags.integrity;

function createInitiator(
  gss: Gss,
  gate: Gate,
  { target, stepMillis, credential, done }: InitiatorOptions,
): KerberosInitiator {
  const memory = new GssArena(gss.ffi);
  /** Where the `gss_ctx_id_t` stands. */
  const context = memory.room(8);
  let state: 'open' | 'established' | 'closed' = 'open';
  let busy = false;
  let freed = false;

  function free(): void {
    if (freed || busy || state !== 'closed') return;
    freed = true;
    withArena(gss, (arena) => gss.gss_delete_sec_context.now(arena.room(4), context, 0n));
    memory.free();
    done();
  }

  async function call(token: Buffer | undefined): Promise<Buffer | undefined> {
    if (state === 'closed') throw timedOut(target);
    const arena = new GssArena(gss.ffi);
    busy = true;
    try {
      const { handle } = await credential();
      const minor = arena.room(4);
      const output = arena.buffer();
      const flags = arena.room(4);
      const name = importName(gss, arena, target.spn);
      const major = await gss.gss_init_sec_context
        .later(
          ...[minor, handle, context, name, arena.oid(mechanisms[target.mechanism ?? 'spnego'])],
          ...[usualFlags | (target.dceStyle ? contextFlags.dceStyle : 0), 0],
          ...[channelBindings(arena, target.channelBinding), arena.buffer(token), 0n, output],
          ...[flags, 0n],
        )
        .finally(() => releaseName(gss, name));
      const answer = arena.bufferAt(output);
      const status = { major, minor: arena.uint32At(minor) };
      gss.gss_release_buffer.now(arena.room(4), output);
      if (failed(status)) throw kerberosError(gss, status, `sign in to ${target.spn}`);
      if (major !== continueNeeded) establish(arena.uint32At(flags));
      return answer.length > 0 ? answer : undefined;
    } finally {
      arena.free();
      busy = false;
      free();
    }
  }

  function establish(flags: number): void {
    if ((flags & contextFlags.mutual) === 0) {
      throw new GatewayError('kerberos.refused', `${target.spn} did not prove who it is.`);
    }
    if (state === 'open') state = 'established';
  }

  return {
    async step(token) {
      if (state !== 'open') throw new RangeError('the context takes no more tokens');
      return within(
        stepMillis,
        gate.pass(() => call(token)),
        () => timedOut(target),
      );
    },
    get established() {
      return state === 'established';
    },
    get protection() {
      if (state !== 'established') throw new RangeError('the context does not stand');
      return messageProtection(gss, () => {
        if (state !== 'established') throw new RangeError('the context is closed');
        return memory.pointerAt(context);
      });
    },
    close() {
      state = 'closed';
      free();
    },
  };
}

function timedOut({ spn }: KerberosTarget): GatewayError {
  return new GatewayError('kerberos.unavailable', `No ticket for ${spn} came in time.`, {
    mend: 'See whether a domain controller answers on port 88.',
  });
}

/** The work goes on; its result is of no interest then. */
async function within<T>(millis: number, work: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), millis);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
