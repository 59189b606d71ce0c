import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request, type RequestOptions } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { extendedKeyUsage, extendedKeyUsages } from '../../src/x509/index.js';
import { makeRoot } from '../access/client-certificate/pki.js';
import { send } from '../http/client.js';
import { eventually } from '../interop/eventually.js';
import { selfSigned, type Issuer } from '../support/certificates.js';
import { testKey } from '../support/keys.js';
import {
  connector,
  connectorRoot,
  identity,
  inDays,
  writeCrl,
  writeServer,
  type ClientIdentity,
} from './certificate-files.js';
import { remove, startAll, temporaryFolder, type Running } from './running.js';

const api = '/api/v1/challenges';

let folder: string;
let gateway: Running;
let root: Issuer;
let jamf: ClientIdentity;
let pinned: ClientIdentity;
beforeAll(async () => {
  folder = await temporaryFolder();
  root = await connectorRoot();
  jamf = await connector(root);
  pinned = identity(
    await selfSigned(testKey('client'), {
      subject: 'CN=self-made',
      notBefore: inDays(-1),
      notAfter: inDays(100),
    }),
  );
  await writeServer(folder);
  await writeFile(join(folder, 'ca.pem'), root.certificate.toPem());
  await writeCrl(join(folder, 'ca.crl'), root);
  gateway = await startAll(
    folder,
    `
listeners:
  - address: 127.0.0.1:0
    tls: { certificate: server.crt, key: server.key, clientCertificates: request }
  - address: 127.0.0.1:0
    tls: { certificate: server.crt, key: server.key, clientCertificates: require, trust: [pinned] }
  - address: 127.0.0.1:0
    forwardedCertificate: { form: base64-der }
    clientAddress: { trustedProxies: [127.0.0.1] }
access:
  trustLists:
    connectors: { ca: [ca.pem], crls: [ca.crl], names: ['dns:connector.example.org'] }
    pinned: { pins: ['${pinned.certificate.thumbprints.sha256}'] }
  certificates: { api: [connectors, pinned] }
accounts:
  - name: jamf
    certificates: [{ trust: connectors }]
  - name: pinned
    roles: [read]
    certificates: [{ pin: '${pinned.certificate.thumbprints.sha256.replace(/..(?!$)/g, '$&:').toLowerCase()}' }]
`,
  );
});
afterAll(async () => {
  await gateway.stop();
  await remove(folder);
});

function ask(
  port: number,
  path: string,
  options: Pick<RequestOptions, 'cert' | 'key' | 'method' | 'headers'> & { body?: string } = {},
): Promise<{ status: number; body: string; headers: NodeJS.Dict<string | string[]> }> {
  return new Promise((resolve, reject) => {
    request(
      {
        host: '127.0.0.1',
        port,
        path,
        agent: false,
        rejectUnauthorized: false,
        ...options,
      },
      (answer) => {
        const { statusCode: status = 0, headers } = answer;
        text(answer).then((body) => resolve({ status, body, headers }), reject);
      },
    )
      .once('error', reject)
      .end(options.body);
  });
}

/** The listener that serves nobody without a certificate. */
function requiring(): number {
  return gateway.ports[1] ?? 0;
}

function lastDenial(): string {
  const lines = gateway.log().split('\n');
  return lines.findLast((line) => line.includes('"access.denied"')) ?? '';
}

describe('by TLS', () => {
  test('SCEP needs none', async () => {
    expect((await ask(gateway.port, '/scep?operation=GetCACaps')).status).toBe(200);
    expect((await ask(gateway.port, '/healthz')).status).toBe(200);
  });

  test('a route that asks for one refuses without, in one uniform answer', async () => {
    const none = await ask(gateway.port, api);
    const stranger = await ask(
      gateway.port,
      api,
      await connector(await makeRoot('CN=Connector CA', 'ra-old')),
    );
    expect([none.status, stranger.status]).toEqual([403, 403]);
    const uniform = (body: string) => body.replace(/"correlationId":"\w+"/, '');
    expect(uniform(none.body)).toBe(uniform(stranger.body));
    expect(uniform(none.body)).toBe(
      '{"error":{"code":"http.forbidden","message":"Forbidden.",}}\n',
    );
  });

  test('and is served with one, which signs in besides', async () => {
    const list = await ask(gateway.port, api, pinned);
    expect(list.status).toBe(200);
    const headers = { 'content-type': 'application/json' };
    const order = { method: 'POST', headers, body: '{}' };
    expect((await ask(gateway.port, api, { ...jamf, ...order })).status).toBe(201);
    expect((await ask(gateway.port, api, { ...pinned, ...order })).status).toBe(403);
    expect(gateway.log()).toMatch(/"account":"jamf"/);
  });

  test('a password in the request is what signs in, not the certificate', async () => {
    const authorization = `Basic ${Buffer.from('admin:wrong password').toString('base64')}`;
    const { status, headers } = await ask(gateway.port, api, {
      ...pinned,
      headers: { authorization },
    });
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toBe(
      'Basic realm="Network Device Enrollment Service", Bearer realm="Network Device Enrollment Service"',
    );
  });

  test.each<[string, () => Promise<ClientIdentity>, string]>([
    ['expired', () => connector(root, { notAfter: inDays(-1) }), 'expired on'],
    ['not yet valid', () => connector(root, { notBefore: inDays(1) }), 'is valid from'],
    [
      'for servers',
      () =>
        connector(root, {
          extensions: [
            extendedKeyUsage([extendedKeyUsages.serverAuth]),
            ...jamf.certificate.extensions.slice(2),
          ],
        }),
      'is not for client authentication',
    ],
    ['of another name', () => connector(root, { extensions: [] }), 'it has none of the names'],
    [
      'of a CA of the same name',
      async () => connector(await makeRoot('CN=Connector CA', 'ra-old')),
      'leads to no trusted CA',
    ],
  ])('%s: refused, and the audit trail says why', async (_, make, reason) => {
    const shown = await make();
    expect((await ask(gateway.port, api, shown)).status).toBe(403);
    expect(lastDenial()).toContain(reason);
  });

  test('`require` refuses everything without, the health check excepted', async () => {
    expect((await ask(requiring(), '/scep?operation=GetCACaps')).status).toBe(403);
    expect((await ask(requiring(), '/scep?operation=GetCACaps', jamf)).status).toBe(403);
    expect(lastDenial()).toContain('listeners[1].tls.trust asks for a certificate');
    expect((await ask(requiring(), '/scep?operation=GetCACaps', pinned)).status).toBe(200);
    expect((await ask(requiring(), '/healthz')).status).toBe(200);
  });

  test('a revoked one is refused within seconds of the new CRL', async () => {
    const lost = await connector(root, { serial: Buffer.from([0x51]) });
    expect((await ask(gateway.port, api, lost)).status).toBe(200);
    await writeCrl(join(folder, 'ca.crl'), root, [lost.certificate]);
    await eventually('the CRL', async () =>
      (await ask(gateway.port, api, lost)).status === 403 ? true : undefined,
    );
    expect(lastDenial()).toContain('was revoked on');
    expect((await ask(gateway.port, api, jamf)).status).toBe(200);
  });

  test('a broken CRL changes nothing and is an error in the log', async () => {
    await writeFile(join(folder, 'ca.crl'), 'garbage');
    await eventually('the complaint', () =>
      gateway.log().includes('"what":"trust list connectors","error"') ? true : undefined,
    );
    expect((await ask(gateway.port, api, jamf)).status).toBe(200);
    await writeCrl(join(folder, 'ca.crl'), root);
  });

  test('a renewed server certificate is taken up; one without its key is not', async () => {
    const subject = async () => {
      const socket = connect({ port: gateway.port, rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const found = socket.getPeerX509Certificate()?.subject;
      socket.destroy();
      return found;
    };
    expect(await subject()).toBe('CN=gateway');
    await writeFile(join(folder, 'server.crt'), root.certificate.toPem());
    await eventually('the complaint', () =>
      gateway.log().includes('The private key belongs to none of the certificates.')
        ? true
        : undefined,
    );
    expect(await subject()).toBe('CN=gateway');
    await writeServer(folder, { key: 'client-p-256', subject: 'CN=renewed', days: 12 });
    await eventually('the new one', async () =>
      (await subject()) === 'CN=renewed' ? true : undefined,
    );
    await eventually('the warning', () =>
      /the TLS certificate CN=renewed expires on [^"]+, in 1[12] days/.test(gateway.log())
        ? true
        : undefined,
    );
  });
});

test('examples/mutual-tls.yaml starts with the files it asks for', async () => {
  const example = await temporaryFolder();
  const tls = join(example, 'tls');
  await mkdir(tls);
  await writeServer(tls);
  await writeFile(join(tls, 'clients-ca.pem'), root.certificate.toPem());
  await writeCrl(join(tls, 'clients-ca.crl'), root);
  const yaml = await readFile('examples/mutual-tls.yaml', 'utf8');
  const running = await startAll(example, yaml.replace(/0\.0\.0\.0:\d+/g, '127.0.0.1:0'));
  const statusOf = async (listener: number, path: string, shown?: ClientIdentity) =>
    (await ask(running.ports[listener] ?? 0, path, shown)).status;
  try {
    expect(await statusOf(0, '/scep?operation=GetCACaps')).toBe(200);
    expect(await statusOf(0, api, jamf)).toBe(403);
    expect(await statusOf(1, '/scep?operation=GetCACaps')).toBe(403);
    expect(await statusOf(1, api, jamf)).toBe(200);
    expect(await statusOf(1, '/certsrv/mscep_admin/', jamf)).toBe(403);
  } finally {
    await running.stop();
    await remove(example);
  }
});

describe('forwarded', () => {
  const header = (value: string) => ({ 'X-ARR-ClientCert': value });
  const der = () => jamf.certificate.der.toString('base64');
  const forwarded = (headers: Readonly<Record<string, string>>, localAddress = '127.0.0.1') =>
    send(gateway.ports[2] ?? 0, api, { headers, localAddress });

  test('by the proxy it opens the route and signs in', async () => {
    expect((await forwarded(header(der()))).status).toBe(200);
  });

  test.each<[string, () => Readonly<Record<string, string>>, string, string]>([
    ['a stranger', () => header(der()), '127.0.0.2', 'the peer 127.0.0.2 is no trusted proxy'],
    ['another form', () => ({ 'Client-Cert': `:${der()}:` }), '127.0.0.1', 'client-cert is none'],
    ['two forms', () => ({ ...header(der()), 'X-SSL-Client-Cert': 'x' }), '127.0.0.1', 'is none'],
    ['garbage', () => header('%%%'), '127.0.0.1', 'is no base64'],
    ['too much', () => header('A'.repeat(70_000)), '127.0.0.1', 'is longer than 65536'],
    ['nothing', () => ({}), '127.0.0.1', 'there is no header x-arr-clientcert'],
  ])('%s: 403', async (_, headers, from, reason) => {
    expect((await forwarded(headers(), from)).status).toBe(403);
    expect(lastDenial()).toContain(reason);
  });

  test('a forged header is refused on every route but the health check', async () => {
    const sending = { headers: header(der()), localAddress: '127.0.0.2' };
    const port = gateway.ports[2] ?? 0;
    expect((await send(port, '/scep?operation=GetCACaps', sending)).status).toBe(403);
    expect((await send(port, '/certsrv/mscep_admin/', sending)).status).toBe(403);
    expect((await send(port, '/healthz', sending)).status).toBe(200);
    expect((await send(port, '/scep?operation=GetCACaps')).status).toBe(200);
  });
});
