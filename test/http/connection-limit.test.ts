import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
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

  test('are not kept alive when half are taken, by one address alone, too', async () => {
    gateway = await startGateway({ listener: { connections: limit(16) } });
    const { port } = gateway.listener;
    const agent = new Agent({ keepAlive: true });
    const connection = async () =>
      (await send(port, '/healthz', { agent, localAddress: '127.0.0.2' })).headers.connection;
    expect(await connection()).toBe('keep-alive');
    await connected(7, '127.0.0.2');
    expect(await connection()).toBe('close');
    agent.destroy();
  });
});
