/** nginx 1.22 and HAProxy 2.6 in front: whom the gateway sees behind them, and with which certificate. */
import { writeFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  connector,
  connectorRoot,
  writeCrl,
  writeServer,
  type ClientIdentity,
} from '../gateway/certificate-files.js';
import { remove, startAll, temporaryFolder, type Running } from '../gateway/running.js';
import { makeRoot } from '../access/client-certificate/pki.js';
import { eventually } from './eventually.js';
import { describeWithPrograms } from './programs.js';
import { freePorts, startHaproxy, startNginx, streamModule, type Proxy } from './proxies.js';

/** Where the clients of these tests are; the proxies call from 127.0.0.1. */
const client = '127.0.0.2';

/** Listeners of the gateway, in this order. */
const listeners = [
  'nginx',
  'haproxy-der',
  'haproxy-rfc9440',
  'proxy-v1',
  'proxy-v2',
  'proxy-tls',
] as const;
/** Ports of the proxies. */
const doors = [
  'nginx-http',
  'nginx-forwarded',
  'nginx-stream',
  'nginx-stream-tls',
  'haproxy-der',
  'haproxy-rfc9440',
  'haproxy-v1',
  'haproxy-v2',
  'haproxy-v2-tls',
] as const;
type Door = (typeof doors)[number];

describeWithPrograms('proxies', ['nginx', 'haproxy', streamModule], () => {
  let folder: string;
  let gateway: Running;
  let proxies: Proxy[] = [];
  let portOf: (door: Door) => number;
  let jamf: ClientIdentity;
  let stranger: ClientIdentity;
  let requests = 0;

  beforeAll(async () => {
    folder = await temporaryFolder();
    const root = await connectorRoot();
    jamf = await connector(root);
    stranger = await connector(await makeRoot('CN=Connector CA', 'ra-old'));
    await writeServer(folder);
    const file = (name: string) => join(folder, name);
    writeFileSync(file('ca.pem'), root.certificate.toPem());
    await writeCrl(file('ca.crl'), root);
    const trusted = 'trustedProxies: [127.0.0.1]';
    gateway = await startAll(
      folder,
      `
listeners:
  - { address: '127.0.0.1:0', clientAddress: { ${trusted}, source: x-forwarded-for }, forwardedCertificate: { form: escaped-pem } }
  - { address: '127.0.0.1:0', clientAddress: { ${trusted}, source: forwarded }, forwardedCertificate: { form: base64-der } }
  - { address: '127.0.0.1:0', clientAddress: { ${trusted}, source: x-forwarded-for }, forwardedCertificate: { form: client-cert } }
  - { address: '127.0.0.1:0', clientAddress: { ${trusted} }, proxyProtocol: v1 }
  - { address: '127.0.0.1:0', clientAddress: { ${trusted} }, proxyProtocol: v2 }
  - address: 127.0.0.1:0
    clientAddress: { ${trusted} }
    proxyProtocol: both
    tls: { certificate: server.crt, key: server.key, clientCertificates: request }
access:
  trustLists: { mdm: { ca: [ca.pem], crls: [ca.crl] } }
  certificates: { api: [mdm] }
accounts: [{ name: jamf, certificates: [{ trust: mdm, name: 'dns:connector.example.org' }] }]
`,
    );
    const ports = await freePorts(doors.length);
    portOf = (door) => ports[doors.indexOf(door)] ?? 0;
    const to = (name: (typeof listeners)[number]) =>
      `127.0.0.1:${gateway.ports[listeners.indexOf(name)]}`;
    const nginxTls = `ssl_certificate ${file('server.crt')}; ssl_certificate_key ${file('server.key')}; ssl_verify_client optional_no_ca;`;
    // HAProxy passes a certificate on that it cannot verify, as ALB does in pass-through mode.
    const haproxyTls = `ssl crt ${file('haproxy.pem')} ca-file ${file('ca.pem')} verify optional crt-ignore-err all ca-ignore-err all`;
    writeFileSync(file('haproxy.pem'), `${stranger.cert}${stranger.key}`);
    proxies = [
      await startNginx(
        doors.filter((door) => door.startsWith('nginx')).map((door) => portOf(door)),
        {
          http: `
server {
  listen 127.0.0.1:${portOf('nginx-http')} ssl; ${nginxTls}
  location / {
    proxy_pass http://${to('nginx')};
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-SSL-Client-Cert $ssl_client_escaped_cert;
  }
}
server {
  listen 127.0.0.1:${portOf('nginx-forwarded')};
  location / {
    proxy_pass http://${to('haproxy-der')};
    proxy_set_header Forwarded "for=$remote_addr;proto=http";
  }
}`,
          stream: `
server { listen 127.0.0.1:${portOf('nginx-stream')}; proxy_pass ${to('proxy-v1')}; proxy_protocol on; }
server { listen 127.0.0.1:${portOf('nginx-stream-tls')}; proxy_pass ${to('proxy-tls')}; proxy_protocol on; }`,
        },
      ),
      await startHaproxy(
        doors.filter((door) => door.startsWith('haproxy')).map((door) => portOf(door)),
        `
frontend der
  mode http
  bind 127.0.0.1:${portOf('haproxy-der')} ${haproxyTls}
  http-request del-header Forwarded
  http-request set-header Forwarded for=%[src];proto=https
  http-request set-header X-ARR-ClientCert %[ssl_c_der,base64]
  default_backend der
backend der
  mode http
  server gateway ${to('haproxy-der')}

frontend rfc9440
  mode http
  bind 127.0.0.1:${portOf('haproxy-rfc9440')} ${haproxyTls}
  option forwardfor
  http-request del-header Client-Cert
  http-request del-header Client-Cert-Chain
  http-request set-header Client-Cert :%[ssl_c_der,base64]: if { ssl_c_used }
  default_backend rfc9440
backend rfc9440
  mode http
  server gateway ${to('haproxy-rfc9440')}

listen v1
  mode tcp
  bind 127.0.0.1:${portOf('haproxy-v1')}
  server gateway ${to('proxy-v1')} send-proxy
listen v2
  mode tcp
  bind 127.0.0.1:${portOf('haproxy-v2')}
  server gateway ${to('proxy-v2')} send-proxy-v2
listen v2tls
  mode tcp
  bind 127.0.0.1:${portOf('haproxy-v2-tls')}
  server gateway ${to('proxy-tls')} send-proxy-v2`,
      ),
    ];
  }, 60_000);
  afterAll(async () => {
    for (const proxy of proxies) await proxy.stop();
    await gateway.stop();
    await remove(folder);
  });

  /** Status, and the address the gateway took the client for. */
  async function ask(
    door: Door,
    path: string,
    sending: {
      readonly tls?: boolean;
      readonly identity?: ClientIdentity;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<{ status: number; address: string; account: string | undefined }> {
    const agent = `proxied-${++requests}`;
    const status = await new Promise<number>((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: portOf(door),
        path,
        agent: false as const,
        localAddress: client,
        headers: { 'user-agent': agent, ...sending.headers },
      };
      const outgoing = sending.tls
        ? tlsRequest({
            ...options,
            rejectUnauthorized: false,
            ...(sending.identity && { cert: sending.identity.cert, key: sending.identity.key }),
          })
        : plainRequest(options);
      outgoing.once('error', reject);
      outgoing.once('response', (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
      });
      outgoing.end();
    });
    const line = await eventually('the log', () =>
      gateway
        .log()
        .split('\n')
        .find((text) => text.includes(`"agent":"${agent}"`)),
    );
    return {
      status,
      address: /"address":"([^"]+)"/.exec(line)?.[1] ?? '',
      account: /"account":"([^"]+)"/.exec(line)?.[1],
    };
  }

  const caps = '/scep?operation=GetCACaps';
  const api = '/api/v1/challenges';
  const seen = { status: 200, address: client, account: undefined };
  const https = { tls: true } as const;

  test.each<[Door, boolean]>([
    ['nginx-http', true],
    ['nginx-forwarded', false],
    ['nginx-stream', false],
    ['nginx-stream-tls', true],
    ['haproxy-der', true],
    ['haproxy-rfc9440', true],
    ['haproxy-v1', false],
    ['haproxy-v2', false],
    ['haproxy-v2-tls', true],
  ])('%s: the client is found behind it', async (door, tls) => {
    expect(await ask(door, caps, { tls })).toEqual(seen);
  });

  test.each<Door>(['nginx-http', 'haproxy-rfc9440'])(
    '%s: a forged address counts for nothing',
    async (door) => {
      const headers = { 'X-Forwarded-For': '10.9.9.9', Forwarded: 'for=10.9.9.9' };
      expect(await ask(door, caps, { ...https, headers })).toEqual(seen);
    },
  );

  const withCertificates: readonly Door[] = [
    'nginx-http',
    'nginx-stream-tls',
    'haproxy-der',
    'haproxy-rfc9440',
    'haproxy-v2-tls',
  ];

  test.each(withCertificates)('%s: the certificate opens the API and signs in', async (door) => {
    const answer = await ask(door, api, { ...https, identity: jamf });
    expect(answer).toEqual({ status: 200, address: client, account: 'jamf' });
  });

  test.each(withCertificates)(
    '%s: no certificate, or that of another CA, does not',
    async (door) => {
      expect((await ask(door, api, https)).status).toBe(403);
      expect((await ask(door, api, { ...https, identity: stranger })).status).toBe(403);
      expect(gateway.log()).toContain('leads to no trusted CA');
    },
  );

  test.each<[Door, string]>([
    ['nginx-http', 'X-SSL-Client-Cert'],
    ['haproxy-der', 'X-ARR-ClientCert'],
    ['haproxy-rfc9440', 'Client-Cert'],
  ])('%s overwrites a forged %s', async (door, name) => {
    const headers = { [name]: jamf.certificate.der.toString('base64') };
    expect((await ask(door, caps, { ...https, headers })).status).toBe(200);
    expect((await ask(door, api, { ...https, headers })).status).toBe(403);
  });

  test('a certificate header that nginx lets through is refused', async () => {
    const headers = { 'Client-Cert': `:${jamf.certificate.der.toString('base64')}:` };
    expect((await ask('nginx-http', caps, { ...https, headers })).status).toBe(403);
    expect(gateway.log()).toContain('the header client-cert is none that is believed here');
  });
});
