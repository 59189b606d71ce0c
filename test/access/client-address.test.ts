import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { socketPeerAddress } from '../../src/access/index.js';

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:192.0.2.1', '192.0.2.1'],
  ['2001:db8::1', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  [undefined, '0.0.0.0'],
])('the peer %s is %s, whatever the headers say', (remoteAddress, address) => {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: remoteAddress });
  const request = new IncomingMessage(socket);
  request.headers['x-forwarded-for'] = '203.0.113.9';
  expect(socketPeerAddress(request)).toEqual({
    kind: 'determined',
    address,
    steps: [`the peer is ${address}; no header is read`],
  });
});
