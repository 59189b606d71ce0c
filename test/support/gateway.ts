/**
 * A whole gateway in this process: temporary data directory, listener on a port of its own, fixed CA and
 * RA keys, so that messages can be made beforehand. Nothing in it is played.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { loadConfig } from '../../src/config/index.js';
import { createEnrollment } from '../../src/enrollment/index.js';
import { openInstallation, startGateway, type Installation } from '../../src/gateway/index.js';
import { enrollmentProfile, namedProfiles, scepProfile } from '../../src/gateway/profiles.js';
import { createFastCodec } from '../../src/pkcs7/index.js';
import { createScepServer, type ScepEvent, type ScepServer } from '../../src/scep/index.js';
import { createLog } from '../../src/telemetry/index.js';
import { toPem, type Certificate } from '../../src/x509/index.js';
import { fixedAuthority } from './fixed-authority.js';
import { testKeyObject, type TestKeyName } from './keys.js';
import type { TestSigner } from './pki-message.js';

export interface TestGateway {
  readonly port: number;
  readonly installation: Installation;
  readonly ca: TestSigner;
  /** Signs replies and opens requests. */
  readonly ra: TestSigner;
  /** What was logged, one object a line; tests may empty it. */
  readonly lines: LogLine[];
  /** The same decisions without HTTP; events of these are in `events`, not in `lines`. */
  readonly scep: ScepServer;
  readonly events: ScepEvent[];
  /** A new one-time challenge, bound to the profile `default` unless told otherwise. */
  challenge(order?: ChallengeOrder): Promise<string>;
  close(): Promise<void>;
}

interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly code?: string;
}

interface ChallengeOrder {
  readonly binding?: Readonly<Record<string, string>>;
  readonly validityMinutes?: number;
}

export interface TestGatewayOptions {
  /** gateway.yaml beside the issuer, as a value. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly clock?: () => Date;
}

export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const { config = {}, environment = {}, clock = () => new Date() } = options;
  const directory = mkdtempSync(join(tmpdir(), 'gateway-'));
  const { ca, ra } = await fixedAuthority();
  writePem(directory, 'ca', ca.certificate, 'ca');
  writePem(directory, 'ra', ra.certificate, 'ra-encrypt');
  const file = join(directory, 'gateway.yaml');
  const local = { kind: 'local', import: pemFiles('ca'), importRa: pemFiles('ra') };
  writeFileSync(file, JSON.stringify({ issuers: { local }, ...config }));
  const resolved = await loadConfig({
    environment: {
      SCEP_GATEWAY_CONFIG: file,
      SCEP_GATEWAY_DATA_DIR: join(directory, 'data'),
      SCEP_GATEWAY_LISTEN: '127.0.0.1:0',
      SCEP_GATEWAY_ADMIN_PASSWORD: 'a password for tests',
      ...environment,
    },
  });
  const lines: LogLine[] = [];
  const installation = await openInstallation(resolved, clock);
  const telemetry = createLog({ level: 'info', format: 'json', destination: lineSink(lines) });
  const running = await startGateway(installation, telemetry, clock);
  const events: ScepEvent[] = [];
  return {
    port: running.listeners[0]?.port ?? 0,
    installation,
    ca,
    ra,
    lines,
    scep: await scepServer(installation, clock, events),
    events,
    challenge: (order = {}) => newChallenge(installation, order),
    close: async () => {
      await running.stop(5000);
      await installation.close();
      await telemetry.close();
      rmSync(directory, { recursive: true });
    },
  };
}

function writePem(
  directory: string,
  name: string,
  certificate: Certificate,
  key: TestKeyName,
): void {
  writeFileSync(join(directory, `${name}.pem`), toPem('CERTIFICATE', certificate.der));
  writeFileSync(
    join(directory, `${name}.key`),
    testKeyObject(key).export({ type: 'pkcs8', format: 'pem' }),
  );
}

function pemFiles(name: string) {
  return { certificate: `${name}.pem`, key: `${name}.key` };
}

/** As the composition root makes it, but heard here. */
async function scepServer(
  { resolved, data, authorities, upstreams }: Installation,
  clock: () => Date,
  events: ScepEvent[],
): Promise<ScepServer> {
  const profiles = await namedProfiles(resolved.config, { authorities, upstreams });
  return createScepServer({
    profiles: profiles.map(scepProfile),
    codec: createFastCodec(),
    enrollment: createEnrollment({
      profiles: profiles.map(enrollmentProfile),
      store: data.enrollments,
      challenges: data.challenges,
      clock,
      secret: data.requestSecret,
    }),
    randomBytes,
    onEvent: (event) => events.push(event),
  });
}

function lineSink(lines: LogLine[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString('utf8').split('\n'))
        if (line !== '') lines.push(JSON.parse(line) as LogLine);
      done();
    },
  });
}

async function newChallenge(
  { data }: Installation,
  { binding = { profile: 'default' }, validityMinutes = 60 }: ChallengeOrder,
): Promise<string> {
  const outcome = await data.challenges.issue({
    account: 'admin',
    quota: 1_000_000,
    binding,
    length: 8,
    validityMinutes,
    maxUses: 1,
  });
  if (outcome.kind !== 'issued') throw new Error(`no challenge: ${outcome.kind}`);
  return outcome.password;
}
