import { isGatewayError } from '../../errors/index.js';
import type { RedisSession } from './link.js';

/** What a server says of itself. */
export interface RedisReport {
  /** As it calls itself: `redis 7.0.15`, `valkey 8.0.1`. */
  readonly server: string;
  /** What of its settings may lose challenges or open them again, as sentences without their last point. */
  readonly concerns: readonly string[];
}

/** Where CONFIG is not allowed, as with servers that are rented, only what INFO tells is judged. */
export async function reportOn(session: RedisSession): Promise<RedisReport> {
  const told = new Map(
    String(await session.command('INFO'))
      .split('\r\n')
      .flatMap((line) => {
        const at = line.indexOf(':');
        return at > 0 ? [[line.slice(0, at), line.slice(at + 1)] as const] : [];
      }),
  );
  const valkey = told.get('valkey_version');
  const settings = {
    save: await setting(session, 'save'),
    fsync: await setting(session, 'appendfsync'),
  };
  return {
    server: valkey === undefined ? `redis ${told.get('redis_version') ?? '?'}` : `valkey ${valkey}`,
    concerns: [...evictionConcerns(told), ...persistenceConcerns(told, settings)],
  };
}

function evictionConcerns(told: ReadonlyMap<string, string>): readonly string[] {
  const policy = told.get('maxmemory_policy') ?? 'noeviction';
  if (policy === 'noeviction') return [];
  return [
    `maxmemory-policy is ${policy}: when the memory of the challenge server is full, open challenges are forgotten; noeviction keeps them`,
  ];
}

function persistenceConcerns(
  told: ReadonlyMap<string, string>,
  { save, fsync }: { readonly save: string | undefined; readonly fsync: string | undefined },
): readonly string[] {
  if (told.get('aof_enabled') === '0') {
    return [
      save === ''
        ? 'appendonly is no, and nothing is saved: when the challenge server is restarted, every challenge is gone; set appendonly yes'
        : 'appendonly is no: after a crash of the challenge server, challenges that were spent since its last snapshot are open again, and new ones are gone; set appendonly yes',
    ];
  }
  return fsync === undefined || fsync === 'always'
    ? []
    : [
        `appendfsync is ${fsync}: after a loss of power at the challenge server, challenges that were spent in the last moments are open again; set appendfsync always`,
      ];
}

async function setting(session: RedisSession, name: string): Promise<string | undefined> {
  try {
    const reply = await session.command('CONFIG', 'GET', name);
    const value: unknown = Array.isArray(reply) ? reply[1] : undefined;
    return typeof value === 'string' ? value : undefined;
  } catch (error) {
    if (isGatewayError(error)) return undefined;
    throw error;
  }
}
