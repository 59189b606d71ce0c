/** A running HTTP face on an ephemeral port of 127.0.0.1, with all behind it played by the test. */
import { createHash, scryptSync } from 'node:crypto';
import {
  createAccountSource,
  createBasicAuthenticator,
  createLockout,
  createRateLimits,
  createSignInBrake,
  createTokenAuthenticator,
  newApiToken,
  noCertificateNeeded,
  openToAll,
  socketPeerAddress,
  type Account,
} from '../../src/access/index.js';
import type { Challenges } from '../../src/challenge/index.js';
import {
  createHttpApp,
  createListener,
  createOperationGate,
  type HttpAuditRecord,
  type HttpDeps,
  type HttpProfile,
  type Listener,
} from '../../src/http/index.js';
import type { ScepRequest, ScepResponse } from '../../src/scep/index.js';
import type { Log } from '../../src/telemetry/index.js';
import type { Certificate } from '../../src/x509/index.js';
import { selfSigned } from '../support/certificates.js';
import { testKey } from '../support/keys.js';

type ChallengeRecord = Awaited<ReturnType<Challenges['list']>>[number];
type Order = Parameters<Challenges['issue']>[0];

interface LoggedLine {
  readonly level: string;
  readonly message: string;
  readonly correlationId: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Gateway {
  readonly listener: Listener;
  readonly requests: ScepRequest[];
  readonly orders: Order[];
  readonly audits: HttpAuditRecord[];
  readonly lines: LoggedLine[];
  /** What was counted: route groups that were denied, limits that refused. */
  readonly denials: string[];
  readonly refusals: string[];
  readonly caCertificate: Certificate;
  readonly token: string;
  /** Waits for the access log line of the request that was answered last. */
  accessLine(): Promise<LoggedLine>;
  close(): Promise<void>;
}

export interface GatewayOptions {
  readonly scep?: (request: ScepRequest) => Promise<ScepResponse>;
  readonly profiles?: readonly Partial<HttpProfile>[];
  readonly deps?: Partial<HttpDeps>;
  readonly issue?: Challenges['issue'];
  readonly records?: readonly ChallengeRecord[];
  readonly timeouts?: NonNullable<Parameters<typeof createListener>[2]['timeouts']>;
  readonly failures?: number;
  /** PKIOperations in work at once; default 8. */
  readonly places?: number;
  readonly listener?: Pick<
    Parameters<typeof createListener>[2],
    'clientAddress' | 'proxyProtocol' | 'certificates' | 'tls' | 'channel' | 'connections'
  >;
}

export const issuedPassword = '8CE317021F690069';
export const singlePassword = '00112233445566778899AABBCCDDEEFF';
export const now = new Date('2026-01-01T12:00:00Z');
/** What every SCEP operation is answered unless a test says otherwise. */
export const scepAnswer: ScepResponse = {
  status: 200,
  contentType: 'application/x-pki-message',
  body: Buffer.from('CertRep'),
};

export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const requests: ScepRequest[] = [];
  const orders: Order[] = [];
  const audits: HttpAuditRecord[] = [];
  const lines: LoggedLine[] = [];
  const denials: string[] = [];
  const refusals: string[] = [];
  const caCertificate = await selfSigned(testKey('ca'), { subject: 'CN=Test CA' });
  const { token, digest } = newApiToken();
  const log = listeningLog(lines);
  let correlationIds = 0;
  const clock = () => now;
  const source = createAccountSource({
    settings: { account: () => Promise.resolve(undefined) },
    configured: accounts,
    storedQuota: 10,
  });
  const basic = createBasicAuthenticator({
    accounts: source,
    lockout: createLockout({ failures: options.failures ?? 3, seconds: 60 }),
    clock,
  });
  const tokens = createTokenAuthenticator({
    tokens: {
      tokenByDigest: (text) =>
        Promise.resolve(
          text === digest
            ? { id: '1', account: 'mdm', digest, createdAt: now, expiresAt: undefined }
            : undefined,
        ),
    },
    accounts: source,
    clock,
  });
  const profiles = (options.profiles ?? [{}]).map((profile) => ({
    ...usualProfile(caCertificate),
    ...profile,
  }));
  const deps: HttpDeps = {
    scep: {
      handle: (request) => {
        requests.push(request);
        log.info('scep', { correlationId: request.client.correlationId });
        return options.scep ? options.scep(request) : Promise.resolve(scepAnswer);
      },
    },
    challenges: playedChallenges(orders, options),
    profiles,
    defaultProfile: profiles[0]?.name,
    limits: { messageBytes: 65_536 },
    operations: createOperationGate({
      places: options.places ?? 8,
      lineMillis: 500,
      refused: () => void refusals.push('concurrentOperations'),
    }),
    clientAddress: socketPeerAddress,
    allowLists: openToAll,
    certificateGate: noCertificateNeeded,
    rateLimits: createRateLimits(plenty),
    signInBrake: createSignInBrake(
      { count: 1000, seconds: 60 },
      { clock, pause: () => Promise.resolve() },
    ),
    authenticators: { page: [basic], api: [basic, tokens] },
    decisions: {
      waiting: () => Promise.resolve([]),
      decide: () => Promise.resolve(false),
      revoke: () => Promise.resolve(false),
    },
    publications: {
      crl: (issuer) => Promise.resolve(issuer === 'local' ? Buffer.from('CRL') : undefined),
      certificate: (issuer) => Promise.resolve(issuer === 'local' ? caCertificate.der : undefined),
    },
    metrics: {
      answered: () => undefined,
      denied: (group) => void denials.push(group),
      expose: () => Promise.resolve({ contentType: 'text/plain; version=0.0.4', text: 'up 1\n' }),
    },
    turnedAway: (limit) => void refusals.push(limit),
    readiness: () => Promise.resolve([{ name: 'store', fault: undefined }]),
    publicUrl: 'https://scep.example',
    log,
    audit: (record) => {
      audits.push(record);
      return Promise.resolve();
    },
    newCorrelationId: () => `id-${++correlationIds}`,
    clock,
    ...options.deps,
  };
  const listener = await createListener(createHttpApp(deps), '127.0.0.1:0', {
    messageBytes: deps.limits.messageBytes,
    log,
    ...(options.timeouts && { timeouts: options.timeouts }),
    ...options.listener,
  });
  return {
    listener,
    requests,
    orders,
    audits,
    lines,
    denials,
    refusals,
    caCertificate,
    token,
    accessLine: () => lastAccessLine(lines),
    close: () => listener.close(1000),
  };
}

const plenty = {
  operations: { count: 100_000, seconds: 60 },
  refusedChallenges: { count: 100_000, seconds: 60 },
  brokenMessages: { count: 100_000, seconds: 60 },
  challenges: { count: 100_000, seconds: 60 },
};

function usualProfile(caCertificate: Certificate): HttpProfile {
  return {
    name: 'ndes',
    paths: ['/certsrv/mscep/mscep.dll', '/scep'],
    challenges: {
      dynamic: true,
      single: false,
      none: false,
      length: 8,
      validityMinutes: 60,
      max: 10_000,
    },
    caCertificate: () => caCertificate,
  };
}

const accounts: readonly Account[] = [
  account('boss', { roles: ['admin'], quota: 500 }),
  account('mdm', { roles: ['challenge'], quota: 20 }),
  account('viewer', { roles: ['read'] }),
  account('wifi-only', { roles: ['challenge'], profiles: ['wifi'] }),
];

/** Every account's password is `pass-` and its name. */
function account(name: string, rest: Partial<Account>): Account {
  const salt = createHash('sha256').update(name).digest();
  const hash = scryptSync(`pass-${name}`, salt, 32, { N: 2 ** 14, r: 8, p: 1 });
  return {
    name,
    passwordHash: `scrypt$16384$8$1$${salt.toString('base64url')}$${hash.toString('base64url')}`,
    roles: [],
    quota: 10,
    profiles: undefined,
    ...rest,
  };
}

function playedChallenges(orders: Order[], options: GatewayOptions): Challenges {
  const unused = () => Promise.reject(new RangeError('the HTTP face has no use for this'));
  const records = options.records ?? [];
  return {
    issue: async (order) => {
      orders.push(order);
      if (options.issue) return options.issue(order);
      return {
        kind: 'issued',
        id: `challenge-${orders.length}` as ChallengeRecord['id'],
        password: issuedPassword,
        expiresAt: new Date(now.getTime() + order.validityMinutes * 60_000),
      };
    },
    list: ({ account: owner, state, limit = 1000 }) =>
      Promise.resolve(
        records
          .filter((record) => owner === undefined || record.account === owner)
          .filter((record) => state !== 'open' || record.revokedAt === undefined)
          .slice(0, limit),
      ),
    revoke: (id) => Promise.resolve(records.some((record) => record.id === id)),
    singlePassword: () => Promise.resolve(singlePassword),
    check: unused,
    reserve: unused,
    confirm: unused,
    release: unused,
    syncStatic: unused,
    prune: unused,
  };
}

function listeningLog(lines: LoggedLine[]): Log {
  const listen =
    (level: string) =>
    (
      message: string,
      {
        correlationId,
        ...fields
      }: Readonly<Record<string, unknown>> & {
        readonly correlationId?: string;
      } = {},
    ) =>
      void lines.push({ level, message, correlationId, fields });
  return {
    error: listen('error'),
    warn: listen('warn'),
    info: listen('info'),
    debug: listen('debug'),
  };
}

/** The line is written when the connection is done with the answer, a moment after the client has it. */
async function lastAccessLine(lines: readonly LoggedLine[]): Promise<LoggedLine> {
  for (let wait = 0; wait < 100; wait++) {
    const line = lines.findLast(({ message }) => message === 'request');
    if (line) return line;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new RangeError('no access log line');
}
