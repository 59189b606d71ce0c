import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { readBody } from '../../src/http/request-body.js';

test('of who hung up before it was read is refused at once', async () => {
  const request = new IncomingMessage(new Socket());
  request.on('error', () => undefined).destroy();
  await new Promise((resolve) => request.once('close', resolve));
  await expect(readBody(request, 10)).rejects.toMatchObject({ code: 'http.message' });
});
