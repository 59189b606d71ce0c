/** NTLM over HTTP (MS-NTHT). */
import { isGatewayError, type GatewayError } from '../errors/index.js';
import { createNtlmClient } from '../ntlm/index.js';
import {
  connectionEnded,
  done,
  goOnUnasked,
  lostBefore,
  tokenOf,
  unreachable,
  whole,
  type Attempt,
  type Errand,
} from './attempt.js';
import { offeredSchemes, type OfferedScheme } from './offered-schemes.js';
import type { WebCredential } from './web-client.types.js';

/** Three legs (MS-NTHT); raw NTLM in `Negotiate` where IIS offers only that. */
export async function withNtlm(
  errand: Errand,
  credential: Extract<WebCredential, { kind: 'ntlm' }>,
  options: {
    readonly offered: readonly OfferedScheme[] | undefined;
    readonly host: string;
    readonly clock: () => Date;
    readonly random: (octets: number) => Buffer;
  },
): Promise<Attempt> {
  const { offered, host, clock, random } = options;
  const isNamed = offered === undefined || offered.some(({ scheme }) => scheme === 'ntlm');
  const name = isNamed ? 'NTLM' : 'Negotiate';
  const client = createNtlmClient(credential, {
    targetName: `HTTP/${host}`,
    channelBinding: errand.connection.channelBinding,
    clock,
    random,
  });
  const first = await errand.leg(
    `${name} ${client.negotiate().toString('base64')}`,
    'without-body',
  );
  if (first.kind === 'lost') return done(lostBefore(errand, first));
  if (first.status !== 401) return goOnUnasked(errand, first);
  const offeredNow = offeredSchemes(first.rawHeaders);
  const token = tokenOf(offeredNow, name);
  if (token === undefined) {
    const other = name === 'NTLM' && offeredNow.some(({ scheme }) => scheme === 'negotiate');
    const named = offeredNow.some(({ scheme }) => scheme === 'ntlm');
    if (!other || named || !errand.connection.isOpen()) return { kind: 'refused', answer: first };
    return withNtlm(errand, credential, { ...options, offered: offeredNow });
  }
  if (!errand.connection.isOpen()) return done(connectionEnded);
  const message = readable(() => client.authenticate(token).message);
  if ('fault' in message) return done(unreachable(message.fault.message));
  const last = await whole(errand, `${name} ${message.value.toString('base64')}`);
  if (last.kind === 'done' && last.outcome.kind === 'answered') {
    errand.connection.signedIn = last.outcome.headers['persistent-auth'] !== 'false';
  }
  return last;
}

function readable<T>(read: () => T): { readonly value: T } | { readonly fault: GatewayError } {
  try {
    return { value: read() };
  } catch (error) {
    if (isGatewayError(error)) return { fault: error };
    throw error;
  }
}
