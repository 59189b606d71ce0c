/** A gateway in front and one behind it, with a wire between them that can be cut. */
import { mkdir, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { createFastCodec } from '../../src/pkcs7/index.js';
import type { ScepClient, ScepOutcome, ScepSession, ScepSigner } from '../../src/scep/index.js';
import { createScepClient, selfSignedSigner } from '../../src/scep/client/index.js';
import {
  buildCertificationRequest,
  basicConstraints,
  extendedKeyUsage,
  extendedKeyUsages,
  keyUsage,
  parseDistinguishedName,
  toPem,
  writeSubjectAltNames,
  type Certificate,
} from '../../src/x509/index.js';
import { der } from '../../src/asn1/index.js';
import { send } from '../http/client.js';
import { issuedBy, selfSigned } from '../support/certificates.js';
import { testKey, testKeyObject, type TestKeyName } from '../support/keys.js';
import { start, type Running } from './running.js';

/** A TCP relay to a port, which can be shut, and can lose answers to what is longer than a question. */
export interface Wire {
  readonly port: number;
  mode: 'open' | 'shut' | 'lose-answers';
  close(): Promise<void>;
}

/** A ClientHello or a GET is shorter, a PKIOperation longer. */
const longestQuestion = 1400;

export async function openWire(to: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  let mode: Wire['mode'] = 'open';
  const hangUp = (): void => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  const server = createServer((near) => {
    if (mode === 'shut') return void near.destroy();
    const far = connect(to, '127.0.0.1');
    let asked = 0;
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    near.on('data', (octets: Buffer) => {
      asked = mode === 'lose-answers' ? asked + octets.length : 0;
      far.write(octets);
    });
    far.on('data', (octets: Buffer) => {
      if (asked > longestQuestion) near.destroy();
      else near.write(octets);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get mode() {
      return mode;
    },
    set mode(next) {
      mode = next;
      if (next === 'shut') hangUp();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        hangUp();
      }),
  };
}

/** Certificate and key for the TLS of 127.0.0.1 in `folder`; its SHA-256. */
export async function tlsFiles(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const certificate = await selfSigned(testKey('ra-old'), {
    subject: 'CN=127.0.0.1',
    extensions: [writeSubjectAltNames([der.element(0x87, Buffer.from([127, 0, 0, 1]))], false)],
  });
  await writeFile(join(folder, 'tls.pem'), toPem('CERTIFICATE', certificate.der));
  await writeKey(folder, 'tls', 'ra-old');
  return certificate.thumbprints.sha256;
}

async function writeKey(folder: string, name: string, key: TestKeyName): Promise<void> {
  const pem = testKeyObject(key).export({ type: 'pkcs8', format: 'pem' });
  await writeFile(join(folder, `${name}.key`), pem);
}

/** A CA and an RA that a gateway imports, as `ca` and `ra` in each of the folders. */
export async function pkiFiles(...folders: readonly string[]): Promise<void> {
  const caKey = testKey('ca');
  const ca = await selfSigned(caKey, {
    subject: 'CN=Upstream CA',
    extensions: [basicConstraints({ ca: true }), keyUsage(['keyCertSign', 'cRLSign'])],
    notAfter: new Date('2045-01-01T00:00:00Z'),
  });
  const ra = await issuedBy({ certificate: ca, key: caKey }, testKey('ra-encrypt').publicKey, {
    subject: 'CN=Upstream-MSCEP-RA',
    extensions: [
      keyUsage(['digitalSignature', 'keyEncipherment']),
      extendedKeyUsage([extendedKeyUsages.certificateRequestAgent]),
    ],
    notAfter: new Date('2044-01-01T00:00:00Z'),
  });
  for (const folder of folders) {
    await mkdir(folder, { recursive: true });
    await writePair(folder, 'ca', ca, 'ca');
    await writePair(folder, 'ra', ra, 'ra-encrypt');
  }
}

async function writePair(
  folder: string,
  name: string,
  certificate: Certificate,
  key: TestKeyName,
): Promise<void> {
  await writeFile(join(folder, `${name}.pem`), toPem('CERTIFICATE', certificate.der));
  await writeKey(folder, name, key);
}

export async function startAt(folder: string, yaml: string): Promise<Running> {
  await mkdir(folder, { recursive: true });
  return start(folder, yaml);
}

const admin = {
  authorization: `Basic ${Buffer.from('admin:a password of admin').toString('base64')}`,
};

/** A challenge as an MDM scrapes it from the page of this gateway. */
export async function challengeOf(port: number, profile?: string): Promise<string> {
  const query = profile === undefined ? '' : `?profile=${profile}`;
  const { status, body } = await send(port, `/certsrv/mscep_admin/${query}`, { headers: admin });
  const page = body.toString('utf16le');
  const password = /challenge password is: <B> (\S+) <\/B>/.exec(page)?.[1];
  if (password === undefined) throw new Error(`no challenge, HTTP ${status}: ${page}`);
  return password;
}

export async function api(port: number, path: string, body?: unknown) {
  const answer = await send(port, path, {
    headers: { ...admin, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, json: JSON.parse(answer.body.toString()) as unknown };
}

export interface Handset {
  readonly client: ScepClient;
  readonly signer: ScepSigner;
  session(): Promise<ScepSession>;
  enroll(transactionId: string, challenge: string | undefined): Promise<ScepOutcome>;
  poll(transactionId: string): Promise<ScepOutcome>;
  /** With a certificate it has. */
  renew(with_: Certificate, transactionId: string): Promise<ScepOutcome>;
}

/** A device with one key. */
export async function handset(port: number, path: string, name = 'device-1'): Promise<Handset> {
  const subject = parseDistinguishedName(`CN=${name}`);
  const key = testKey('client');
  const signer = await selfSignedSigner({ key, subject });
  const client = createScepClient({
    url: `http://127.0.0.1:${port}${path}`,
    codec: createFastCodec(),
  });
  let opened: ScepSession | undefined;
  let sent: Buffer = Buffer.alloc(0);
  const session = async () => (opened ??= await client.open());
  const request = (challengePassword: string | undefined) =>
    buildCertificationRequest({
      subject,
      key,
      digest: 'sha256',
      ...(challengePassword !== undefined && { challengePassword }),
    });
  return {
    client,
    signer,
    session,
    async enroll(transactionId, challenge) {
      sent = await request(challenge);
      return client.enroll(await session(), { signer, csr: sent, transactionId });
    },
    async poll(transactionId) {
      return client.poll(await session(), { signer, csr: sent, transactionId });
    },
    async renew(certificate, transactionId) {
      return client.enroll(await session(), {
        signer: { certificate, key },
        csr: await request(undefined),
        transactionId,
        messageType: 'RenewalReq',
      });
    },
  };
}

export function issuedCertificate(outcome: ScepOutcome): Certificate {
  if (outcome.kind !== 'issued') throw new Error(JSON.stringify(outcome));
  return outcome.certificate;
}
