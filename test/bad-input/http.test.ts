/** Bad requests around the message: size, encoding, operation, method. */
import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { send, sendRaw, type Sending } from '../http/client.js';
import type { TestGateway } from '../support/gateway.js';
import { issued, noScepMessage, postMessage, toldBy, type Told } from './answer.js';
import { createMaker, type Maker } from './maker.js';
import { startTarget } from './profiles.js';

let gateway: TestGateway;
let make: Maker;

beforeAll(async () => {
  gateway = await startTarget();
  make = await createMaker();
});
afterAll(() => gateway.close());

const operation = '/scep?operation=PKIOperation';
const limit = 65_536;
const noMessage: Told = {
  status: 400,
  text: 'PKIOperation came without a message.\nSend the pkiMessage as the body of a POST, or base64 of it in `message=` of a GET.',
};
const notBase64: Told = {
  status: 400,
  text: 'The message is not base64.\nSend the DER of the pkiMessage by POST, or base64 of it in `message=`.',
};
const bodyTooLarge: Told = { status: 413, text: 'The request is larger than 131072 octets.' };
const messageTooLarge: Told = { status: 413, text: 'The request is larger than 65536 octets.' };
const notSigned = noScepMessage('It is no CMS SignedData.');

async function told(path: string, sending: Sending = {}): Promise<Told> {
  return toldBy(await send(gateway.port, path, sending), gateway.ra);
}

const byGet = (message: Buffer) =>
  `${operation}&message=${encodeURIComponent(message.toString('base64'))}`;

describe('requests', () => {
  test.each<[string, string, Sending, Told]>([
    ['POST without body', operation, { method: 'POST' }, noMessage],
    [
      'POST without body and operation',
      '/scep',
      { method: 'POST' },
      { status: 400, text: 'The request names no operation and has no body.' },
    ],
    ['GET without message', operation, {}, noMessage],
    ['GET with an empty message', `${operation}&message=`, {}, noMessage],
    ['GET of what is not base64', `${operation}&message=%00%ff`, {}, notBase64],
    ['GET of base64 of text', `${operation}&message=aGVsbG8=`, {}, notSigned],
    ['POST of text', operation, { body: 'hello' }, notSigned],
    ['POST of base64 of text', operation, { body: 'MAAxMDAwMA==' }, notSigned],
    [
      'an unknown operation',
      '/scep?operation=GetEverything',
      {},
      {
        status: 400,
        text: 'There is no SCEP operation "GetEverything".\nKnown: GetCACaps, GetCACert, GetNextCACert, PKIOperation.',
      },
    ],
    [
      'an operation of 10,000 characters',
      `/scep?operation=${'x'.repeat(10_000)}`,
      {},
      {
        status: 400,
        text: `There is no SCEP operation "${'x'.repeat(40)}".\nKnown: GetCACaps, GetCACert, GetNextCACert, PKIOperation.`,
      },
    ],
    [
      'PUT',
      operation,
      { method: 'PUT', body: 'x' },
      {
        status: 405,
        text: 'The method PUT is not for this address.\nMethods: GET, HEAD, POST.',
      },
    ],
    [
      'an unknown profile',
      '/scep/nowhere?operation=PKIOperation',
      { body: 'x' },
      { status: 404, text: 'There is nothing at this address.' },
    ],
    [
      'a compressed body',
      operation,
      { body: 'x', headers: { 'content-encoding': 'gzip' } },
      { status: 400, text: 'A compressed request body is not understood.' },
    ],
    ['one octet too many by POST', operation, { body: zeros(limit + 1) }, messageTooLarge],
    ['one octet too many in base64', operation, { body: base64(limit + 1) }, messageTooLarge],
    ['a body beyond all measure', operation, { body: zeros(2 * limit + 1) }, bodyTooLarge],
    ['64 KiB by POST are looked at', operation, { body: zeros(limit) }, notSigned],
    ['64 KiB in base64 are looked at', operation, { body: base64(limit) }, notSigned],
  ])('%s', async (_name, path, sending, answer) => {
    expect(await told(path, sending)).toEqual(answer);
  });

  test('64 KiB by GET are looked at, one octet more is not', async () => {
    expect(await told(byGet(zeros(limit)))).toEqual(notSigned);
    expect(await told(byGet(zeros(limit + 1)))).toEqual({
      status: 414,
      text: 'The message in the query is larger than 65536 octets.',
    });
  });

  test('a request line beyond the header limit', async () => {
    const answer = await sendRaw(
      gateway.port,
      `GET ${operation}&message=${'A'.repeat(400_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/);
  });

  test('an announced size beyond the limit is refused before the body comes', async () => {
    const socket = connect(gateway.port, '127.0.0.1');
    socket.write(`POST ${operation} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n`);
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(chunk.toString('latin1')).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  test('chunks without end are refused at the limit', async () => {
    const socket = connect(gateway.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`POST ${operation} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    const flood = setInterval(() => socket.write(chunk), 1);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    clearInterval(flood);
    expect(answer.toString('latin1')).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  test('a largest message that is good is granted, by POST and by GET', async () => {
    for (const way of ['POST', 'GET'] as const) {
      const message = await largestMessage();
      const answer =
        way === 'POST'
          ? await postMessage(gateway.port, message, '/scep/static')
          : await send(gateway.port, byGet(message).replace('/scep', '/scep/static'));
      expect([way, toldBy(answer, gateway.ra)]).toEqual([way, issued]);
    }
  });
});

/** Filled up to 64 KiB with a CSR attribute nobody reads. */
async function largestMessage(): Promise<Buffer> {
  const filled = (size: number) =>
    make.messageWithCsr({
      attributes: [{ oid: '1.2.3.4', values: [octets(size)] }],
    });
  const overhead = (await filled(60_000)).length - 60_000;
  const message = await filled(limit - overhead - 16);
  expect(message.length).toBeGreaterThan(limit - 64);
  expect(message.length).toBeLessThanOrEqual(limit);
  return message;
}

function octets(size: number): Buffer {
  const header = Buffer.from([0x04, 0x82, size >> 8, size & 0xff]);
  return Buffer.concat([header, Buffer.alloc(size, 0x55)]);
}

function zeros(size: number): Buffer {
  return Buffer.alloc(size);
}

/** Starts as base64 of a SEQUENCE does. */
function base64(size: number): string {
  return Buffer.concat([Buffer.from([0x30]), Buffer.alloc(size - 1)]).toString('base64');
}
