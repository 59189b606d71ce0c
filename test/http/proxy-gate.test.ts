import { once } from 'node:events';
import { createServer, request } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { expect, test } from '@jest/globals';
import { createProxyProtocol } from '../../src/access/index.js';
import { guardConnections } from '../../src/http/proxy-gate.js';
import { rulesOf } from '../access/origins.js';
import { selfSigned } from '../support/certificates.js';
import { testKey, testKeyObject } from '../support/keys.js';

const silent = () => undefined;
const log = { error: silent, warn: silent, info: silent, debug: silent };

test('a PROXY header stands before TLS, and its client is found from behind TLS', async () => {
  const certificate = await selfSigned(testKey('ca'), { subject: 'CN=localhost' });
  const pem = `-----BEGIN CERTIFICATE-----\n${certificate.der.toString('base64')}\n-----END CERTIFICATE-----\n`;
  const protocol = createProxyProtocol({ versions: [1], trustedProxies: rulesOf('127.0.0.1') });
  const server = createServer({
    cert: pem,
    key: testKeyObject('ca').export({ type: 'pkcs8', format: 'pem' }),
  });
  server.on('request', (incoming, response) => {
    response.end(protocol.headerOf(incoming.socket)?.source ?? 'nobody');
  });
  guardConnections(server, protocol, { millis: 1000, log });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const raw = connect(port, '127.0.0.1');
  raw.write('PROXY TCP4 203.0.113.7 10.0.0.1 51234 443\r\n');
  const secure = connectTls({ socket: raw, rejectUnauthorized: false });
  secure.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  expect(await text(secure)).toMatch(/\r\n\r\n203\.0\.113\.7$/);

  // The header and the ClientHello in one packet.
  const together = connect(port, '127.0.0.1');
  together.cork();
  together.write('PROXY TCP4 203.0.113.8 10.0.0.1 51234 443\r\n');
  const second = connectTls({ socket: together, rejectUnauthorized: false });
  setTimeout(() => together.uncork(), 50);
  second.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  expect(await text(second)).toMatch(/\r\n\r\n203\.0\.113\.8$/);

  const outgoing = request({
    port,
    host: '127.0.0.1',
    localAddress: '127.0.0.2',
    rejectUnauthorized: false,
  });
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [AsyncIterable<Buffer>];
  let body = '';
  for await (const chunk of response) body += chunk.toString();
  expect(body).toBe('nobody');
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});
