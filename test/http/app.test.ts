import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { errorCodes, GatewayError, type ErrorCode } from '../../src/errors/index.js';
import { errorReply } from '../../src/http/error-response.js';
import { send } from './client.js';
import { startGateway, type Gateway } from './gateway.js';

let gateway: Gateway;
beforeEach(async () => {
  gateway = await startGateway();
});
afterEach(() => gateway.close());

describe('what stands in CDP and AIA', () => {
  test.each([
    ['/crl/local.crl', 'application/pkix-crl'],
    ['/CRL/local.crl', 'application/pkix-crl'],
    ['/ca/local.cer', 'application/pkix-cert'],
  ])('%s', async (path, contentType) => {
    const answer = await send(gateway.listener.port, path);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe(contentType);
    expect(answer.headers['cache-control']).toBe('no-cache');
    expect(answer.body).toEqual(
      contentType.endsWith('crl') ? Buffer.from('CRL') : gateway.caCertificate.der,
    );
  });

  test.each(['/crl/other.crl', '/ca/other.cer', '/crl/local', '/crl/..%2flocal.crl'])(
    '%s is not there',
    async (path) => {
      expect((await send(gateway.listener.port, path)).status).toBe(404);
    },
  );
});

test('/healthz answers ok and stays out of the log', async () => {
  const answer = await send(gateway.listener.port, '/healthz');
  expect([answer.status, answer.body.toString()]).toEqual([200, 'ok\n']);
  expect(answer.headers['content-type']).toBe('text/plain');
  expect((await gateway.accessLine()).level).toBe('debug');
});

test('/ names the addresses and nothing else', async () => {
  const answer = await send(gateway.listener.port, '/');
  expect(answer.headers['content-type']).toBe('text/plain');
  expect(answer.body.toString()).toBe(
    'SCEP gateway\n\n' +
      'SCEP, profile ndes: https://scep.example/certsrv/mscep/mscep.dll\n' +
      'SCEP, profile ndes: https://scep.example/scep\n' +
      'Challenge passwords: https://scep.example/certsrv/mscep_admin/\n' +
      'Challenges as JSON: https://scep.example/api/v1/challenges\n',
  );
});

test.each([
  ['/api/v1/nothing', 'application/json'],
  ['/nothing', 'text/plain'],
])('%s is not there, said in the language of the caller', async (path, contentType) => {
  const answer = await send(gateway.listener.port, path);
  expect(answer.status).toBe(404);
  expect(answer.headers['content-type']).toBe(contentType);
});

describe('errorReply', () => {
  const codes = Object.keys(errorCodes) as ErrorCode[];

  test.each(codes)('%s leaves by its class', (code) => {
    const error = new GatewayError(code, 'told', { detail: 'hidden', mend: 'mended' });
    const { status, body, headers } = errorReply(error, 'ref', 'json');
    const kind = errorCodes[code];
    if (kind === 'transport') expect(Math.floor(status / 100)).toBe(4);
    else if (kind === 'overload' || kind === 'unavailable') expect(status).toBe(503);
    else if (code === 'challenge.quota') expect(status).toBe(409);
    else if (code === 'challenge.binding') expect(status).toBe(400);
    else expect(status).toBe(500);
    expect(headers).toEqual(status === 503 ? { 'Retry-After': '5' } : {});
    expect(body.toString()).not.toContain('hidden');
    expect(body.toString().includes('told')).toBe(status !== 500);
  });

  test('writes for people: what, how to mend it, the reference', () => {
    const error = new GatewayError('http.message', 'Broken.', { mend: 'Mend it.' });
    expect(errorReply(error, 'ref', 'text').body.toString()).toBe(
      'Broken.\nMend it.\nReference: ref\n',
    );
    expect(errorReply('thrown text', 'ref', 'text').body.toString()).toBe(
      'The gateway failed to answer.\n' +
        'An administrator finds the reason in the log under the reference.\nReference: ref\n',
    );
  });
});
