import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Leadership } from '../../src/gateway/leadership.js';
import { createReadiness } from '../../src/gateway/readiness.js';
import type { Authority } from '../../src/issuer/index.js';
import { selfSigned } from '../support/certificates.js';
import { testKey } from '../support/keys.js';
import { ScriptedIssuer } from '../support/scripted-issuer.js';

const notAfter = new Date('2027-01-01T00:00:00Z');
let now: Date;
let written: string[];
let storeFault: Error | undefined;
let keyFault: Error | undefined;
let signed: number;

beforeEach(() => {
  now = new Date('2026-06-01T12:00:00Z');
  written = [];
  storeFault = undefined;
  keyFault = undefined;
  signed = 0;
  leadership = undefined;
});

async function authority(changes: Partial<Authority> = {}): Promise<Authority> {
  const ra = await selfSigned(testKey('ra-sign'), { subject: 'CN=RA', notAfter });
  const key = testKey('ra-sign');
  const unused = () => Promise.resolve(undefined);
  return {
    kind: 'local',
    issuer: await ScriptedIssuer.create(),
    registrationAuthority: () => ({
      signing: {
        certificate: ra,
        key: {
          publicKey: key.publicKey,
          sign: async (digest, data) => {
            signed += 1;
            if (keyFault) throw keyFault;
            return key.sign(digest, data);
          },
        },
      },
      decryption: [{ certificate: ra, key }],
      certificates: [ra],
    }),
    knownCas: [],
    raKeeper: {
      status: () => ({ signing: ra, encryption: ra, origin: 'self', replaced: [], requests: [] }),
      request: () => Promise.resolve([]),
      noteCertificate: () => Promise.resolve(),
      noteRequestId: () => Promise.resolve(),
      install: () => Promise.reject(new Error('not asked for')),
      discard: () => Promise.resolve(),
    },
    thumbprintCertificate: undefined,
    rollover: () => undefined,
    crlFor: unused,
    published: unused,
    maintain: () => Promise.resolve([]),
    reload: () => Promise.resolve(false),
    ...changes,
  };
}

let leadership: ReturnType<Leadership['status']>;

async function readiness(changes: Partial<Authority> = {}) {
  return createReadiness({
    settings: {
      set: (key) => {
        if (storeFault) return Promise.reject(storeFault);
        written.push(key);
        return Promise.resolve();
      },
    },
    challengeServer,
    authorities: new Map([['local', await authority(changes)]]),
    leadership: { status: () => leadership },
    tokens,
    clock: () => now,
  });
}

let challengeServer: { check(): Promise<void> } | undefined;
let tokens = new Map<string, { check(): Promise<void> }>();

const faults = async (changes: Partial<Authority> = {}) =>
  (await (await readiness(changes))()).flatMap(({ name, fault }) =>
    fault ? [`${name}: ${fault}`] : [],
  );

describe('createReadiness', () => {
  test('a gateway that can issue is ready', async () => {
    expect(await (await readiness())()).toEqual([
      { name: 'store', fault: undefined },
      { name: 'issuer local', fault: undefined },
      { name: 'RA of local', fault: undefined },
    ]);
    expect([written, signed]).toEqual([['readiness'], 1]);
  });

  test('one whose store cannot be written is not', async () => {
    storeFault = new Error('The database cannot be written.');
    expect(await faults()).toEqual(['store: The database cannot be written.']);
  });

  test('nor one whose challenges are on a server that cannot be written', async () => {
    challengeServer = { check: () => Promise.resolve() };
    expect((await (await readiness())()).map(({ name }) => name)).toContain('challenge store');
    challengeServer = { check: () => Promise.reject(new Error('The server is a replica.')) };
    expect(await faults()).toEqual(['challenge store: The server is a replica.']);
    challengeServer = undefined;
  });

  test('nor one whose RA key does not sign', async () => {
    keyFault = new Error('the token is gone');
    expect(await faults()).toEqual(['RA of local: the token is gone']);
  });

  test('nor one whose token is away', async () => {
    const away = new Map([
      ['here', { check: () => Promise.resolve() }],
      ['hsm', { check: () => Promise.reject(new Error('The token hsm is away.')) }],
    ]);
    tokens = away;
    expect(await faults()).toEqual(['token hsm: The token hsm is away.']);
    tokens = new Map();
  });

  test('nor one whose RA or CA has ended', async () => {
    now = notAfter;
    const ended = await selfSigned(testKey('ca'), { subject: 'CN=CA', notAfter });
    const issuer = Object.assign(await ScriptedIssuer.create(), { chain: [ended] });
    expect(await faults({ issuer })).toEqual([
      'issuer local: CN=CA ended on 2027-01-01',
      'RA of local: CN=RA ended on 2027-01-01',
    ]);
  });

  test('nor one that never reached its CA', async () => {
    const issuer = Object.assign(await ScriptedIssuer.create(), { chain: [] });
    expect(await faults({ issuer })).toEqual(['issuer local: the CA was never reached']);
  });

  test('one of several says who does the background work, whoever it is', async () => {
    leadership = { leads: false, leader: 'gw2:4711-abcdef', clockAheadMillis: -15_000 };
    const shared = async () => (await (await readiness())()).slice(3);
    expect(await shared()).toEqual([
      { name: 'clock', fault: undefined },
      { name: 'background work by gw2:4711-abcdef', fault: undefined },
    ]);
    leadership = { leads: true, leader: 'gw1:1-abcdef', clockAheadMillis: 0 };
    expect((await shared()).at(1)?.name).toBe('background work by this gateway');
    leadership = { leads: false, leader: undefined, clockAheadMillis: 0 };
    expect((await shared()).at(1)?.name).toBe('background work by nobody known');
  });

  test('nor is one whose clock is far from that of the database', async () => {
    leadership = { leads: true, leader: 'gw1', clockAheadMillis: -20_000 };
    expect(await faults()).toEqual(['clock: 20 s ahead of that of the database']);
    leadership = { leads: true, leader: 'gw1', clockAheadMillis: 16_000 };
    expect(await faults()).toEqual(['clock: 16 s behind that of the database']);
  });

  test('who looks every moment sees the last look', async () => {
    const look = await readiness();
    await Promise.all([look(), look(), look()]);
    now = new Date('2026-06-01T12:00:04.999Z');
    await look();
    expect([written.length, signed]).toEqual([1, 1]);
    now = new Date('2026-06-01T12:00:05Z');
    await look();
    expect([written.length, signed]).toEqual([2, 2]);
  });
});
