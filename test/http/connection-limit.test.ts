import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { connect as secure } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { selfSigned } from '../support/certificates.js';
import { testKey, testKeyObject } from '../support/keys.js';
import { send } from './client.js';
import { startGateway, type Gateway } from './gateway.js';

let gateway: Gateway;
let refused: number;
const sockets: Socket[] = [];
beforeEach(() => {
  refused = 0;
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await gateway.close();
});

const limit = (most: number) => ({
  most,
  refused: () => {
    refused++;
  },
});

/** How many of so many connections from one address are still open when the server has looked at all. */
async function connected(count: number, localAddress = '127.0.0.1'): Promise<number> {
  const refusedBefore = refused;
  let closed = 0;
  for (let n = 0; n < count; n++) {
    const socket = connect({ port: gateway.listener.port, host: '127.0.0.1', localAddress });
    sockets.push(socket);
    socket.on('error', () => undefined).once('close', () => closed++);
    await once(socket, 'connect');
  }
  // Connections are accepted in the order they were made: who is answered now came behind all of them.
  await send(gateway.listener.port, '/healthz', { localAddress: '127.0.0.9' });
  while (closed < refused - refusedBefore) await new Promise((resolve) => setTimeout(resolve, 5));
  return count - closed;
}

describe('connections of a listener', () => {
  test('beyond the limit are closed; one address leaves a quarter to others', async () => {
    gateway = await startGateway({ listener: { connections: limit(16) } });
    expect(await connected(20)).toBe(12);
    expect(refused).toBe(8);
    expect(await connected(2, '127.0.0.2')).toBe(2);
    const answer = await send(gateway.listener.port, '/healthz', { localAddress: '127.0.0.3' });
    expect(answer.status).toBe(200);
    for (const socket of sockets.splice(0)) socket.destroy();
    while ((await connected(1)) === 0) sockets.pop();
  });

  test('are not kept alive when three quarters are taken', async () => {
    gateway = await startGateway({ listener: { connections: limit(16) } });
    const { port } = gateway.listener;
    const agent = new Agent({ keepAlive: true });
    const connection = async () =>
      (await send(port, '/healthz', { agent, localAddress: '127.0.0.2' })).headers.connection;
    expect(await connection()).toBe('keep-alive');
    await connected(12);
    expect(await connection()).toBe('close');
    agent.destroy();
  });
});

test('TLS handshakes under way leave places to others, and finished ones take none', async () => {
  const certificate = await selfSigned(testKey('client-p-256'), {
    subject: 'CN=gateway',
    notBefore: new Date(Date.now() - 86_400_000),
    notAfter: new Date(Date.now() + 86_400_000),
  });
  const privateKey = testKeyObject('client-p-256').export({ format: 'pem', type: 'pkcs8' });
  gateway = await startGateway({
    listener: {
      connections: limit(2048),
      tls: {
        identity: { certificateChain: certificate.toPem(), privateKey: privateKey.toString() },
        minVersion: 'TLSv1.2',
        asksForCertificate: false,
        handshakeMillis: 60_000,
      },
    },
  });
  const { port } = gateway.listener;
  const secured = async (localAddress: string) => {
    const plain = connect({ port, host: '127.0.0.1', localAddress });
    const socket = secure({ socket: plain, rejectUnauthorized: false });
    sockets.push(plain);
    await once(socket, 'secureConnect');
  };
  for (let n = 0; n < 200; n++) await secured('127.0.0.1');
  expect(refused).toBe(0);
  for (let n = 0; n < 200; n++) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
  }
  await secured('127.0.0.2');
  expect(refused).toBe(8);
}, 30_000);
