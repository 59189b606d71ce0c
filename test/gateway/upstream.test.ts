import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config/index.js';
import { decideApproval } from '../../src/enrollment/index.js';
import { openInstallation } from '../../src/gateway/index.js';
import { verifyIssuedBy, type Certificate } from '../../src/x509/index.js';
import { send } from '../http/client.js';
import { eventually } from '../interop/eventually.js';
import { remove, startWith, temporaryFolder, type Running } from './running.js';
import {
  api,
  challengeOf,
  handset,
  issuedCertificate,
  openWire,
  pkiFiles,
  startAt,
  tlsFiles,
  type Wire,
} from './two-gateways.js';

let folder: string;
let behind: Running;
let front: Running;
let wire: Wire;
let upstreamCa: Certificate;

const upstreamYaml = `
listeners:
  - address: 127.0.0.1:1
    tls: { certificate: tls.pem, key: tls.key }
  - address: 127.0.0.1:0
issuers:
  local:
    kind: local
    import: { certificate: ca.pem, key: ca.key }
    importRa: { certificate: ra.pem, key: ra.key }
profiles:
  ndes: { paths: [/certsrv/mscep/mscep.dll] }
  approved: { approval: manual }
  fixed:
    challenges: { dynamic: false, static: [{ name: all, secret: { file: fixed.txt } }] }
  open: { challenges: { dynamic: false, none: anyone-may-enroll } }
`;

const frontYaml = (port: number, pin: string) => {
  const common = `kind: ndes, tls: { pins: ['${pin}'] }, raCertificates: single, timeoutSeconds: 5`;
  const page = (query = '') =>
    `adminPage: { url: 'https://127.0.0.1:${port}/certsrv/mscep_admin/${query}', authentication: { basic: { user: admin, password: { file: admin.txt } } } }`;
  const url = (path: string) => `url: 'https://127.0.0.1:${port}${path}'`;
  return `
access: { rateLimits: { brokenMessages: { count: 10, seconds: 600 } } }
backlog:
  retry: { firstSeconds: 1, longestSeconds: 1 }
  poll: { firstSeconds: 1, longestSeconds: 1 }
issuers:
  relayed: { kind: ndes, tls: { pins: ['${pin}'] }, timeoutSeconds: 5, mode: relay, ${url('/certsrv/mscep/mscep.dll')}, ${page()} }
  checked: { kind: ndes, tls: { pins: ['${pin}'] }, mode: relay, ${url('/certsrv/mscep/mscep.dll')}, ${page()}, importRa: { certificate: ra.pem, key: ra.key } }
  once: { ${common}, mode: re-enroll, ${url('/certsrv/mscep/mscep.dll/pkiclient.exe')}, ${page()} }
  approved: { ${common}, mode: re-enroll, ${url('/scep/approved')}, ${page('?profile=approved')} }
  fixed: { ${common}, mode: re-enroll, ${url('/scep/fixed')}, challenge: fixed }
  open: { ${common}, mode: re-enroll, ${url('/scep/open')}, challenge: none, answersAgain: true }
profiles:
  relayed: { issuer: relayed, paths: [/certsrv/mscep/mscep.dll] }
  checked: { issuer: checked }
  once: { issuer: once }
  impatient: { issuer: once, outage: retry-later }
  approved: { issuer: approved }
  fixed:
    issuer: fixed
    challenges: { static: [{ name: all, secret: { file: fixed.txt } }] }
  open: { issuer: open }
`;
};

beforeAll(async () => {
  folder = await temporaryFolder();
  await pkiFiles(join(folder, 'behind'), join(folder, 'front'));
  const pin = await tlsFiles(join(folder, 'behind'));
  await writeFile(join(folder, 'behind', 'fixed.txt'), 'The Password Of All');
  behind = await startAt(join(folder, 'behind'), upstreamYaml);
  wire = await openWire(behind.port);
  await startFront(pin);
  const { certificates } = await (
    await handset(front.port, '/certsrv/mscep/mscep.dll')
  )
    .session()
    .then(({ authority }) => authority);
  upstreamCa = certificates.find(({ subject }) => subject.text === 'CN=Upstream CA')!;
}, 60_000);

async function startFront(pin: string): Promise<void> {
  const at = join(folder, 'front');
  const yaml = frontYaml(wire.port, pin);
  front = await startAt(at, '').then(async (empty) => {
    await empty.stop();
    await writeFile(join(at, 'fixed.txt'), 'The Password Of All');
    await writeFile(join(at, 'admin.txt'), 'a password of admin');
    await writeFile(join(at, 'gateway.yaml'), yaml);
    return startWith(at, join(at, 'gateway.yaml'));
  });
}

afterEach(() => {
  wire.mode = 'open';
});
afterAll(async () => {
  await front.stop();
  await behind.stop();
  await wire.close();
  await remove(folder);
});

/** What the upstream gateway has issued to this subject. */
async function issuedUpstream(subject: string): Promise<number> {
  return withRecords('behind', async ({ enrollments }) => {
    const found = await enrollments.certificates({ text: subject }, new Date());
    return found.length;
  });
}

async function withRecords<T>(
  which: 'behind' | 'front',
  work: (data: Awaited<ReturnType<typeof openInstallation>>['data']) => Promise<T>,
): Promise<T> {
  const resolved = await loadConfig({
    environment: {
      SCEP_GATEWAY_CONFIG: join(folder, which, 'gateway.yaml'),
      SCEP_GATEWAY_DATA_DIR: join(folder, which, 'data'),
    },
  });
  const installation = await openInstallation(resolved);
  try {
    return await work(installation.data);
  } finally {
    await installation.close();
  }
}

const auditOf = (transactionId: string) =>
  withRecords('front', ({ enrollments }) => enrollments.audit({ transactionId }));

describe('a relay', () => {
  const path = '/certsrv/mscep/mscep.dll';

  test('counts what is no message once, and turns its sender away beyond the limit', async () => {
    const garbage = { body: Buffer.from('no message at all'), localAddress: '127.0.0.9' };
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 11; attempt++)
      statuses.push((await send(front.port, path, garbage)).status);
    expect(statuses).toEqual([...Array<number>(10).fill(400), 503]);
  });

  test('shows what upstream shows, and its challenges in the page of NDES', async () => {
    const { certificates, recipient } = (await (await handset(front.port, path)).session())
      .authority;
    expect(certificates).toHaveLength(2);
    expect(verifyIssuedBy(recipient, upstreamCa)).toBe(true);
    const { body } = await send(front.port, '/certsrv/mscep_admin/', {
      headers: {
        authorization: `Basic ${Buffer.from('admin:a password of admin').toString('base64')}`,
      },
    });
    const md5 = upstreamCa.thumbprints.md5.match(/.{8}/g)?.join(' ');
    expect(body.toString('utf16le')).toContain(`is: <B> ${md5} </B>`);
    expect(body.toString('utf16le')).toContain('will expire within 60 minutes.');
  });

  test('a device enrolls through it, once with each challenge, and all of it is on record', async () => {
    const device = await handset(front.port, path, 'relayed-1');
    const challenge = await challengeOf(front.port);
    const certificate = issuedCertificate(await device.enroll('relay-1', challenge));
    expect(verifyIssuedBy(certificate, upstreamCa)).toBe(true);
    const again = await device.enroll('relay-2', challenge);
    expect(again).toMatchObject({ kind: 'failed', failInfo: 'badRequest' });
    expect(await auditOf('relay-1')).toMatchObject([
      {
        event: 'relay.success',
        outcome: 'ok',
        profile: 'relayed',
        subject: 'CN=relayed-1',
        clientAddress: '127.0.0.1',
        reason: expect.stringMatching(/^PKCSReq; \d+ ms$/),
      },
    ]);
    expect(await auditOf('relay-2')).toMatchObject([
      { event: 'relay.failure', outcome: 'refused', code: 'badRequest' },
    ]);
    expect(front.log()).not.toContain(challenge);
  });

  test('a challenge by the API is the same kind of challenge; a binding is refused, as nobody could check it', async () => {
    const { status, json } = await api(front.port, '/api/v1/challenges', { profile: 'relayed' });
    expect(status).toBe(201);
    const { challenge } = json as { challenge: string };
    const device = await handset(front.port, path, 'relayed-2');
    expect((await device.enroll('relay-api', challenge)).kind).toBe('issued');
    expect(
      (await api(front.port, '/api/v1/challenges', { profile: 'relayed', subject: 'CN=x' })).status,
    ).toBe(400);
  });

  test('upstream down: 503 with Retry-After, and GetCACert from what is kept', async () => {
    const device = await handset(front.port, path, 'relayed-3');
    const challenge = await challengeOf(front.port);
    await device.session();
    wire.mode = 'shut';
    await expect(device.enroll('relay-down', challenge)).rejects.toMatchObject({
      code: 'scep.unreachable',
      message: expect.stringContaining('HTTP 503'),
    });
    const caCert = await send(front.port, `${path}?operation=GetCACert`);
    expect(caCert.status).toBe(200);
    const page = await send(front.port, '/certsrv/mscep_admin/', {
      headers: {
        authorization: `Basic ${Buffer.from('admin:a password of admin').toString('base64')}`,
      },
    });
    expect(page.status).toBe(503);
    expect(Number(page.headers['retry-after'])).toBeGreaterThan(0);
    expect(await auditOf('relay-down')).toMatchObject([
      { event: 'relay.unavailable', outcome: 'error', code: expect.stringMatching(/^upstream\./) },
    ]);
    wire.mode = 'open';
    const issued = await eventually('the relay to be open again', async () =>
      device.enroll('relay-down', challenge).catch(() => undefined),
    );
    expect(issued.kind).toBe('issued');
    expect(await issuedUpstream('CN=relayed-3')).toBe(1);
  });

  test('an answer lost on the way is had by sending again, and nothing is issued twice', async () => {
    const device = await handset(front.port, path, 'relayed-4');
    const challenge = await challengeOf(front.port);
    await device.session();
    wire.mode = 'lose-answers';
    await expect(device.enroll('relay-lost', challenge)).rejects.toMatchObject({
      code: 'scep.unreachable',
    });
    wire.mode = 'open';
    const issued = await eventually('the relay to be open again', async () =>
      device.enroll('relay-lost', challenge).catch(() => undefined),
    );
    expect(issued.kind).toBe('issued');
    expect(await issuedUpstream('CN=relayed-4')).toBe(1);
  });

  test('with the RA keys of upstream it looks into messages: bindings hold, strange challenges go no further', async () => {
    const { json } = await api(front.port, '/api/v1/challenges', {
      profile: 'checked',
      subject: 'CN=checked-1',
    });
    const { challenge } = json as { challenge: string };
    const stranger = await handset(front.port, '/scep/checked', 'checked-2');
    expect(await stranger.enroll('checked-2', challenge)).toMatchObject({
      kind: 'failed',
      failInfoText: expect.stringContaining('cannot be verified'),
    });
    expect((await stranger.enroll('checked-3', 'FFFFFFFFFFFFFFFF')).kind).toBe('failed');
    const device = await handset(front.port, '/scep/checked', 'checked-1');
    expect((await device.enroll('checked-1', challenge)).kind).toBe('issued');
    expect(await issuedUpstream('CN=checked-2')).toBe(0);
    expect(await auditOf('checked-2')).toMatchObject([
      {
        event: 'relay.refused',
        code: 'challenge.refused',
        reason: expect.stringContaining('bound to subject'),
      },
    ]);
  });

  test('garbage stays here', async () => {
    const { status } = await send(front.port, `${path}?operation=PKIOperation`, {
      body: Buffer.from('3003020101', 'hex'),
    });
    expect(status).toBe(400);
  });
});

describe('re-enrollment', () => {
  test('our RA, upstream’s CA, and the challenge of upstream in the CSR', async () => {
    const device = await handset(front.port, '/scep/once', 'once-1');
    const { certificates, recipient } = (await device.session()).authority;
    expect(recipient.subject.text).toBe('CN=SCEP Gateway-MSCEP-RA');
    expect(verifyIssuedBy(recipient, upstreamCa)).toBe(false);
    expect(certificates.some(({ der }) => der.equals(upstreamCa.der))).toBe(true);
    const challenge = await challengeOf(front.port, 'once');
    const certificate = issuedCertificate(await device.enroll('once-1', challenge));
    expect(verifyIssuedBy(certificate, upstreamCa)).toBe(true);
    const repeated = issuedCertificate(await device.enroll('once-1', challenge));
    expect(repeated.serial).toBe(certificate.serial);
    expect(await issuedUpstream('CN=once-1')).toBe(1);
    expect(await auditOf('once-1')).toMatchObject([
      { event: 'enrollment.issued', reason: expect.stringContaining('authorized by challenge') },
    ]);
  });

  test('a challenge of nobody is refused here, and upstream never hears of it', async () => {
    const device = await handset(front.port, '/scep/once', 'once-2');
    expect(await device.enroll('once-2', 'FFFFFFFFFFFFFFFF')).toMatchObject({ kind: 'failed' });
    expect(await issuedUpstream('CN=once-2')).toBe(0);
  });

  test('does not offer to renew what only the device could renew upstream', async () => {
    const { capabilities } = await (await handset(front.port, '/scep/once')).session();
    expect(capabilities.has('Renewal')).toBe(false);
  });

  test('a binding holds, since the gateway reads the request', async () => {
    const { json } = await api(front.port, '/api/v1/challenges', {
      profile: 'once',
      subject: 'CN=somebody else',
    });
    const { challenge } = json as { challenge: string };
    const device = await handset(front.port, '/scep/once', 'once-3');
    expect(await device.enroll('once-3', challenge)).toMatchObject({ kind: 'failed' });
  });

  test('PENDING upstream is PENDING here, until upstream has decided', async () => {
    const device = await handset(front.port, '/scep/approved', 'approved-1');
    const challenge = await challengeOf(front.port, 'approved');
    expect((await device.enroll('approved-1', challenge)).kind).toBe('pending');
    expect((await device.poll('approved-1')).kind).toBe('pending');
    await withRecords('behind', async ({ enrollments, challenges }) => {
      const [waiting] = await enrollments.pending({ profile: 'approved' });
      await decideApproval(
        { store: enrollments, challenges, clock: () => new Date() },
        { transaction: waiting!.id, decision: 'approve', actor: 'test', correlationId: 'c' },
      );
    });
    const issued = await eventually('the approved certificate', async () => {
      const outcome = await device.poll('approved-1');
      return outcome.kind === 'pending' ? undefined : outcome;
    });
    expect(verifyIssuedBy(issuedCertificate(issued), upstreamCa)).toBe(true);
    expect(await issuedUpstream('CN=approved-1')).toBe(1);
  });

  test('a fixed password passes both servers', async () => {
    const device = await handset(front.port, '/scep/fixed', 'fixed-1');
    const outcome = await device.enroll('fixed-1', 'The Password Of All');
    expect(verifyIssuedBy(issuedCertificate(outcome), upstreamCa)).toBe(true);
    expect(await device.enroll('fixed-2', 'another')).toMatchObject({ kind: 'failed' });
  });

  test('an upstream that asks for nothing leaves challenges and renewals to the gateway', async () => {
    const device = await handset(front.port, '/scep/open', 'open-1');
    expect(await device.enroll('open-0', undefined)).toMatchObject({ kind: 'failed' });
    const challenge = await challengeOf(front.port, 'open');
    const first = issuedCertificate(await device.enroll('open-1', challenge));
    expect((await device.session()).capabilities.has('Renewal')).toBe(true);
    const renewed = issuedCertificate(await device.renew(first, 'open-renewal'));
    expect(renewed.serial).not.toBe(first.serial);
    expect(verifyIssuedBy(renewed, upstreamCa)).toBe(true);
  });

  test('upstream down: PENDING, and issued when it is back', async () => {
    const device = await handset(front.port, '/scep/once', 'once-4');
    const challenge = await challengeOf(front.port, 'once');
    await device.session();
    wire.mode = 'shut';
    expect((await device.enroll('once-4', challenge)).kind).toBe('pending');
    wire.mode = 'open';
    const issued = await eventually('the certificate of a late CA', async () => {
      const outcome = await device.poll('once-4');
      return outcome.kind === 'pending' ? undefined : outcome;
    });
    expect(verifyIssuedBy(issuedCertificate(issued), upstreamCa)).toBe(true);
    expect(await issuedUpstream('CN=once-4')).toBe(1);
  }, 30_000);

  test('upstream down where the profile says retry-later: 503', async () => {
    const device = await handset(front.port, '/scep/impatient', 'once-5');
    const challenge = await challengeOf(front.port, 'impatient');
    await device.session();
    wire.mode = 'shut';
    await expect(device.enroll('once-5', challenge)).rejects.toMatchObject({
      message: expect.stringContaining('HTTP 503'),
    });
    wire.mode = 'open';
    const issued = await eventually('the CA to be asked again', async () =>
      device.enroll('once-5', challenge).catch(() => undefined),
    );
    expect(issued.kind).toBe('issued');
  }, 30_000);

  test.each(['once', 'open'])(
    'an answer of upstream that is lost is asked for again (%s), and nothing is issued twice',
    async (profile) => {
      const name = `lost-${profile}`;
      const device = await handset(front.port, `/scep/${profile}`, name);
      const challenge = await challengeOf(front.port, profile);
      await device.session();
      wire.mode = 'lose-answers';
      expect((await device.enroll(name, challenge)).kind).toBe('pending');
      wire.mode = 'open';
      const issued = await eventually('what became of it', async () => {
        const outcome = await device.poll(name);
        return outcome.kind === 'pending' ? undefined : outcome;
      });
      expect(verifyIssuedBy(issuedCertificate(issued), upstreamCa)).toBe(true);
      expect(await issuedUpstream(`CN=${name}`)).toBe(1);
    },
    30_000,
  );
});
