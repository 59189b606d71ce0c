/** A whole gateway in a temporary data directory, and clients that choose where they come from. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/index.js';
import { openToServe, startGateway } from '../../src/gateway/index.js';
import { createFastCodec } from '../../src/pkcs7/index.js';
import type { ScepOutcome, ScepSession } from '../../src/scep/index.js';
import { createScepClient, selfSignedSigner } from '../../src/scep/client/index.js';
import { capturedLog } from '../support/captured-log.js';
import { buildCertificationRequest, parseDistinguishedName } from '../../src/x509/index.js';
import { send } from '../http/client.js';
import { testKey } from '../support/keys.js';

export interface Running {
  /** Of the first listener. */
  readonly port: number;
  readonly ports: readonly number[];
  readonly log: () => string;
  stop(): Promise<void>;
}

export async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'scep-gateway-access-'));
}

export async function start(folder: string, yaml: string): Promise<Running> {
  await writeFile(join(folder, 'gateway.yaml'), yaml);
  return startWith(folder, join(folder, 'gateway.yaml'));
}

/** Listens where the configuration says, which should be port 0. */
export async function startAll(folder: string, yaml: string): Promise<Running> {
  await writeFile(join(folder, 'gateway.yaml'), yaml);
  return startWith(folder, join(folder, 'gateway.yaml'), {});
}

/** @param environment by default: any port of 127.0.0.1 instead of the configured address */
export async function startWith(
  folder: string,
  config: string,
  environment: NodeJS.ProcessEnv = { SCEP_GATEWAY_LISTEN: '127.0.0.1:0' },
): Promise<Running> {
  const resolved = await loadConfig({
    environment: {
      SCEP_GATEWAY_CONFIG: config,
      SCEP_GATEWAY_DATA_DIR: join(folder, 'data'),
      ...environment,
      SCEP_GATEWAY_ADMIN_PASSWORD: 'a password of admin',
    },
  });
  const { telemetry, text } = capturedLog();
  const installation = await openToServe(resolved);
  const gateway = await startGateway(installation, telemetry).catch(async (error: unknown) => {
    await installation.close();
    throw error;
  });
  return {
    port: gateway.listeners[0]?.port ?? 0,
    ports: gateway.listeners.map(({ port }) => port),
    log: text,
    async stop() {
      await gateway.stop(1000);
      await installation.close();
      await telemetry.close();
    },
  };
}

export async function remove(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

export interface Device {
  /** Throws GatewayError when the answer is no CertRep. */
  enroll(transactionId: string, challenge: string): Promise<ScepOutcome>;
}

/** A device with one key, whose requests come from `localAddress`. */
export async function device(port: number, path: string, localAddress: string): Promise<Device> {
  const subject = parseDistinguishedName(`CN=device at ${localAddress}`);
  const key = testKey('client');
  const signer = await selfSignedSigner({ key, subject });
  const client = createScepClient({
    url: `http://127.0.0.1:${port}${path}`,
    codec: createFastCodec(),
    fetch: fetchFrom(localAddress),
  });
  let session: ScepSession | undefined;
  return {
    async enroll(transactionId, challengePassword) {
      session ??= await client.open();
      const csr = await buildCertificationRequest({
        subject,
        key,
        digest: 'sha256',
        challengePassword,
      });
      return client.enroll(session, { signer, csr, transactionId });
    },
  };
}

function fetchFrom(localAddress: string): typeof fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const body = init?.body;
    const answer = await send(Number(url.port), `${url.pathname}${url.search}`, {
      localAddress,
      ...(body instanceof Uint8Array && { body: Buffer.from(body) }),
    });
    return new Response(Uint8Array.from(answer.body), {
      status: answer.status,
      headers: { 'content-type': answer.headers['content-type'] ?? '' },
    });
  };
}
