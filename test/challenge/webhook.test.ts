import { createHmac } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createWebhook } from '../../src/challenge/index.js';
import { readAnswer } from '../../src/challenge/webhook/webhook-answer.js';
import { startHttpsServer, type HttpsServer } from '../support/https-server.js';
import { use } from './orders.js';

const now = new Date('2026-06-01T12:00:00.500Z');
const stepCaSecret = Buffer.alloc(32, 7).toString('base64');

let server: HttpsServer;
let received: { url?: string | undefined; headers: Record<string, unknown>; body: string }[];
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  server = await startHttpsServer((request, response) => {
    received.push(request);
    answer(response);
  });
});
afterAll(() => server.close());
beforeEach(() => {
  received = [];
  answer = (response) => void response.end('{"allow":true}');
});

function webhook(changes: Partial<Parameters<typeof createWebhook>[0]> = {}) {
  return createWebhook({
    url: `https://localhost:${server.port}/scep?token=hidden`,
    secret: 'the secret',
    keyId: 'key-1',
    format: 'gateway',
    ca: server.ca,
    pins: [],
    timeoutMillis: 5000,
    clock: () => now,
    ...changes,
  });
}

function hmac(key: string | Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
}

describe('a request', () => {
  test('is signed with its time, and says what is asked for', async () => {
    expect(await webhook()('PASS', use('t1'))).toEqual({ kind: 'allowed', attested: {} });
    const [{ url, headers, body } = { headers: {}, body: '' }] = received;
    expect(url).toBe('/scep?token=hidden');
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-scep-gateway-key-id': 'key-1',
      'x-scep-gateway-timestamp': '1780315200',
      'x-scep-gateway-signature': `sha256=${hmac('the secret', `1780315200.${body}`)}`,
    });
    expect(JSON.parse(body)).toEqual({
      version: 1,
      timestamp: '2026-06-01T12:00:00.500Z',
      requestId: 't1',
      profile: 'default',
      transactionId: 'transaction t1',
      subject: 'CN=device-1,O=Example',
      san: ['dns:device-1.example.com'],
      keyId: 'ab'.repeat(32),
      clientAddress: '192.0.2.7',
      challenge: 'PASS',
    });
  });

  test('is one that servers for step-ca understand', async () => {
    await webhook({ format: 'step-ca', secret: stepCaSecret })('PASS', use('t1'));
    const [{ headers, body } = { headers: {}, body: '' }] = received;
    expect(headers).toMatchObject({
      'x-smallstep-webhook-id': 'key-1',
      'x-smallstep-signature': hmac(Buffer.alloc(32, 7), body),
    });
    expect(headers).not.toHaveProperty('x-scep-gateway-signature');
    expect(JSON.parse(body)).toEqual({
      timestamp: '2026-06-01T12:00:00.500Z',
      provisionerName: 'default',
      x509CertificateRequest: {
        subject: { commonName: 'device-1' },
        raw: Buffer.from('CSR').toString('base64'),
      },
      scepChallenge: 'PASS',
      scepTransactionID: 'transaction t1',
    });
  });

  test.each(['', 'not base64!', 'c2hvcnQ='])('needs a base64 secret for that: %j', (secret) => {
    expect(() => webhook({ format: 'step-ca', secret })).toThrow(
      expect.objectContaining({ code: 'config.invalid' }),
    );
  });
});

describe('no answer', () => {
  const at = (detail: string | RegExp) => ({
    kind: 'unavailable',
    detail:
      typeof detail === 'string'
        ? `the validator at localhost:${server.port}: ${detail}`
        : expect.stringMatching(detail),
  });

  test.each([
    [302, 'it answered 302'],
    [400, 'it answered 400'],
    [401, 'it answered 401'],
    [500, 'it answered 500'],
  ])('is a status %i', async (status, detail) => {
    answer = (response) => {
      response.writeHead(status, { location: `https://localhost:${server.port}/elsewhere` });
      response.end('{"allow":true}');
    };
    expect(await webhook()('PASS', use('t1'))).toEqual(at(detail));
    expect(received).toHaveLength(1);
  });

  test('is one that takes too long', async () => {
    answer = () => undefined;
    const outcome = await webhook({ timeoutMillis: 100 })('PASS', use('t1'));
    expect(outcome).toEqual(at('no answer within 0.1 s'));
  });

  test('is one that trickles', async () => {
    answer = (response) => {
      response.write('{');
      const timer = setInterval(() => response.write(' '), 10);
      response.once('close', () => clearInterval(timer));
    };
    expect(await webhook({ timeoutMillis: 150 })('PASS', use('t1'))).toMatchObject(at(/.*/));
  });

  test('is one that is too long, or cut off', async () => {
    answer = (response) => void response.end(`{"allow":true,"data":"${'x'.repeat(70_000)}"}`);
    expect(await webhook()('PASS', use('t1'))).toEqual(at('its answer is too long'));
    answer = (response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('{"allow":true}', () => response.destroy());
    };
    expect(await webhook()('PASS', use('t1'))).toEqual(at(/aborted|socket hang up|ECONNRESET/));
  });

  test('comes from a server that is down, of another CA, name or pin', async () => {
    const nowhere = webhook({ url: 'https://localhost:1/' });
    expect(await nowhere('PASS', use('t1'))).toMatchObject({
      kind: 'unavailable',
      detail: expect.stringMatching(/^the validator at localhost:1: .*ECONNREFUSED|bad port/),
    });
    expect(await webhook({ ca: undefined })('PASS', use('t1'))).toEqual(at(/self-signed/));
    const otherName = webhook({ url: `https://127.0.0.2:${server.port}/` });
    expect(await otherName('PASS', use('t1'))).toMatchObject({ kind: 'unavailable' });
    expect(await webhook({ pins: ['00'.repeat(32)] })('PASS', use('t1'))).toEqual(
      at(`its certificate ${server.pin} is not among the pins`),
    );
    expect(received).toEqual([]);
    const pinned = webhook({ pins: ['00'.repeat(32), server.pin] });
    expect(await pinned('PASS', use('t1'))).toMatchObject({ kind: 'allowed' });
  });

  test('is awaited by 32 at most', async () => {
    const waiting: ServerResponse[] = [];
    answer = (response) => void waiting.push(response);
    const ask = webhook();
    const crowd = Array.from({ length: 32 }, (_, device) => ask('PASS', use(`t${device}`)));
    expect(await ask('PASS', use('one more'))).toEqual(at('32 answers are awaited already'));
    while (waiting.length < 32) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const response of waiting) response.end('{"allow":true}');
    expect((await Promise.all(crowd)).every(({ kind }) => kind === 'allowed')).toBe(true);
  });
});

describe('an answer', () => {
  test.each([
    ['{"allow":true}', { kind: 'allowed', attested: {} }],
    ['{"allow":true,"data":{"role":"x"},"error":null}', { kind: 'allowed', attested: {} }],
    [
      '{"allow":true,"attested":{"san":["upn:a@b.example"],"sid":"S-1-5-21-1-2-3-500"}}',
      { kind: 'allowed', attested: { san: ['upn:a@b.example'], sid: 'S-1-5-21-1-2-3-500' } },
    ],
    ['{"allow":false}', { kind: 'denied', detail: undefined }],
    ['{"allow":false,"reason":"stolen"}', { kind: 'denied', detail: 'stolen' }],
    ['{"allow":false,"error":"no"}', { kind: 'denied', detail: 'no' }],
    ['{"allow":false,"error":{"code":"x","message":"y"}}', { kind: 'denied', detail: 'y' }],
    [
      '{"allow":false,"reason":"PASS is\\u0007 old"}',
      { kind: 'denied', detail: '[challenge] is  old' },
    ],
  ])('%s', (body, outcome) => expect(readAnswer(200, body, 'PASS')).toEqual(outcome));

  test.each([
    '',
    'true',
    '[]',
    '{}',
    '{"allow":"true"}',
    '{"allow":1}',
    '{"Allow":true}',
    '{"allow":true,"attested":{"sid":"S-1-5"}}',
    '{"allow":true,"attested":{"sid":"S-1-5-21-x"}}',
    '{"allow":true,"attested":{"san":["nobody"]}}',
    '{"allow":true,"attested":{"san":[]}}',
    '{"allow":true,"attested":{"upn":"a@b"}}',
    '{"allow":true} ',
    '\ufeff{"allow":true}',
  ])('%j lets in only when it says so in so many words', (body) => {
    const { kind } = readAnswer(200, body, 'PASS');
    expect(kind).toBe(body === '{"allow":true} ' ? 'allowed' : 'unavailable');
  });

  test('of any octets never throws, and of any JSON lets in for `allow: true` only', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), fc.string(), (body, password) => {
        const { kind } = readAnswer(200, body, password);
        if (kind === 'allowed') expect(JSON.parse(body)).toMatchObject({ allow: true });
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), (status) => {
        const { kind } = readAnswer(status, '{"allow":true}', '');
        expect(kind === 'allowed').toBe(status >= 200 && status < 300);
      }),
    );
  });
});
