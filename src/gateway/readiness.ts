import { randomBytes } from 'node:crypto';
import { messageOf } from '../errors/index.js';
import type { Authority } from '../issuer/index.js';
import type { Token } from '../pkcs11/index.js';
import type { ChallengeServer, SettingsStore } from '../store/index.js';
import { mostApartMillis, type Leadership } from './leadership.js';
import type { Authorities } from './profiles.js';

/** One thing that must hold for certificates to be issued. */
export interface ReadinessCheck {
  readonly name: string;
  /** What does not hold; undefined when all is well. Holds no secret. */
  readonly fault: string | undefined;
}

/** Each look writes to the store and signs with each RA key: who looks more often sees the last one. */
const freshMillis = 5000;

/** Could a certificate be issued at this moment? */
export function createReadiness(options: {
  readonly settings: Pick<SettingsStore, 'set'>;
  readonly challengeServer: Pick<ChallengeServer, 'check'> | undefined;
  readonly authorities: Authorities;
  readonly tokens: ReadonlyMap<string, Pick<Token, 'check'>>;
  readonly leadership: Pick<Leadership, 'status'>;
  readonly clock: () => Date;
}): () => Promise<readonly ReadinessCheck[]> {
  const { settings, challengeServer, authorities, tokens, leadership, clock } = options;
  let last:
    { readonly at: number; readonly checks: Promise<readonly ReadinessCheck[]> } | undefined;

  async function look(now: Date): Promise<readonly ReadinessCheck[]> {
    const store = checked('store', () => settings.set('readiness', now.toISOString()));
    const challenges = challengeServer
      ? [checked('challenge store', () => challengeServer.check(now))]
      : [];
    const issuers = [...authorities].flatMap(([name, authority]) => [
      checked(`issuer ${name}`, () => requireCa(authority, now)),
      checked(`RA of ${name}`, () => requireRa(authority, now)),
    ]);
    const hardware = [...tokens].map(([name, token]) =>
      checked(`token ${name}`, () => token.check()),
    );
    const checks = await Promise.all([store, ...challenges, ...hardware, ...issuers]);
    return [...checks, ...sharedChecks(leadership.status())];
  }

  return () => {
    const now = clock();
    if (last === undefined || now.getTime() - last.at >= freshMillis || now.getTime() < last.at) {
      last = { at: now.getTime(), checks: look(now) };
    }
    return last.checks;
  };
}

function sharedChecks(status: ReturnType<Leadership['status']>): readonly ReadinessCheck[] {
  if (status === undefined) return [];
  const { leads, leader, clockAheadMillis } = status;
  const apart = `${Math.round(Math.abs(clockAheadMillis) / 1000)} s ${clockAheadMillis > 0 ? 'behind' : 'ahead of'} that of the database`;
  return [
    { name: 'clock', fault: Math.abs(clockAheadMillis) > mostApartMillis ? apart : undefined },
    // Never a fault: else no gateway would serve when none leads.
    {
      name: `background work by ${leads ? 'this gateway' : (leader ?? 'nobody known')}`,
      fault: undefined,
    },
  ];
}

async function checked(name: string, check: () => unknown): Promise<ReadinessCheck> {
  try {
    await check();
    return { name, fault: undefined };
  } catch (error) {
    return { name, fault: messageOf(error) };
  }
}

function requireCa({ issuer: { chain } }: Authority, now: Date): void {
  if (chain.length === 0) throw new RangeError('the CA was never reached');
  const ended = chain.find(({ notAfter }) => notAfter <= now);
  if (ended) throw new RangeError(`${ended.subject.text} ended on ${day(ended.notAfter)}`);
}

/** The key signs, and so is there and open; what opens requests is there, too. */
async function requireRa(authority: Authority, now: Date): Promise<void> {
  const { signing, decryption, certificates } = authority.registrationAuthority('ra');
  const ended = certificates.find(({ notAfter }) => notAfter <= now);
  if (ended) throw new RangeError(`${ended.subject.text} ended on ${day(ended.notAfter)}`);
  if (decryption.length === 0) throw new RangeError('no key opens requests');
  await signing.key.sign('sha256', randomBytes(32));
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
