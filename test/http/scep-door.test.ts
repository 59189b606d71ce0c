import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { socketPeerAddress } from '../../src/access/index.js';
import { GatewayError } from '../../src/errors/index.js';
import { send, sendRaw } from './client.js';
import { scepAnswer, startGateway, type Gateway } from './gateway.js';

/** Starts as DER does. */
const message = Buffer.concat([Buffer.from('308203e8', 'hex'), randomBytes(1000)]);
const path = '/certsrv/mscep/mscep.dll';

let gateway: Gateway;
let port: number;

describe('a device', () => {
  beforeEach(async () => {
    gateway = await startGateway();
    ({ port } = gateway.listener);
  });
  afterEach(() => gateway.close());

  // The order and spelling of calls as IIS logged them in front of NDES.
  test.each([
    [
      'Windows MDM',
      'Mozilla/4.0 (compatible; Win32; NDES client)',
      [
        '/certsrv/mscep/mscep.dll/pkiclient.exe?operation=GetCACaps&message=default',
        '/certsrv/mscep/mscep.dll/pkiclient.exe?operation=GetCACert&message=default',
      ],
    ],
    [
      'Android',
      'Dalvik/2.1.0 (Linux; U; Android 5.0; P01M Build/LRX21V)',
      [
        '/certsrv/mscep/mscep.dll?operation=GetCACert&message=ca',
        '/certsrv/mscep/mscep.dll?operation=GetCACaps&message=ca',
      ],
    ],
    [
      'iOS',
      'profiled/1.0 CFNetwork/975.0.3 Darwin/18.2.0',
      [
        '/certsrv/mscep/mscep.dll?operation=GetCACert&message=SCEP%20Authority',
        '/certsrv/mscep/mscep.dll?operation=GetCACaps&message=SCEP%20Authority',
      ],
    ],
  ])('%s is served in its own order', async (_, agent, urls) => {
    for (const url of urls) {
      expect((await send(port, url, { headers: { 'user-agent': agent } })).status).toBe(200);
    }
    expect(gateway.requests).toEqual(
      urls.map((url, call) => ({
        profile: 'ndes',
        operation: /operation=(\w+)/.exec(url)?.[1],
        message: undefined,
        client: expect.objectContaining({
          correlationId: `id-${call + 1}`,
          address: '127.0.0.1',
          userAgent: agent,
        }),
      })),
    );
  });

  test.each<[string, Record<string, string>]>([
    ['no Content-Type (sscep, strongSwan)', {}],
    ['application/octet-stream', { 'content-type': 'application/octet-stream' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['JSON', { 'content-type': 'application/json' }],
    ['a broken type', { 'content-type': ';;' }],
    ['chunks', { 'transfer-encoding': 'chunked' }],
  ])('posts its message with %s', async (_, headers) => {
    const answer = await send(port, `${path}?operation=PKIOperation`, { headers, body: message });
    expect(answer.status).toBe(200);
    expect(gateway.requests[0]).toMatchObject({ operation: 'PKIOperation', message });
  });

  test('posts base64 or PEM instead of DER', async () => {
    const base64 = message.toString('base64');
    const pem = `-----BEGIN PKCS7-----\n${base64.replace(/.{64}/g, '$&\n')}\n-----END PKCS7-----\n`;
    for (const body of [base64, `\r\n${base64}\r\n`, pem]) {
      expect((await send(port, `${path}?operation=PKIOperation`, { body })).status).toBe(200);
    }
    expect(gateway.requests.map((request) => request.message?.equals(message))).toEqual([
      true,
      true,
      true,
    ]);
  });

  test('posts a message and names no operation', async () => {
    expect((await send(port, path, { body: message })).status).toBe(200);
    expect(gateway.requests[0]).toMatchObject({ operation: 'PKIOperation', message });
  });

  test('posts PyScep’s empty `message=` beside its body, or the message in the query alone', async () => {
    await send(port, `${path}?operation=PKIOperation&message=`, { body: message });
    const base64 = encodeURIComponent(message.toString('base64'));
    await send(port, `${path}?operation=PKIOperation&message=${base64}`, { method: 'POST' });
    expect(gateway.requests.map((request) => request.message?.equals(message))).toEqual([
      true,
      true,
    ]);
  });

  test('sends what is neither DER nor text on to the SCEP server as it came', async () => {
    const body = Buffer.from([0, 1, 2, 3]);
    await send(port, `${path}?operation=PKIOperation`, { body });
    expect(gateway.requests[0]?.message).toEqual(body);
  });

  test.each([
    ['with + as it is', (base64: string) => base64],
    ['percent-encoded', encodeURIComponent],
    ['in lines (sscep)', (base64: string) => base64.replace(/.{64}/g, '$&%0A')],
    ['URL-safe (scepclient)', () => message.toString('base64url')],
  ])('sends its message by GET %s', async (_, spell) => {
    const query = `message=${spell(message.toString('base64'))}&operation=pkioperation`;
    expect((await send(port, `${path}?${query}`)).status).toBe(200);
    expect(gateway.requests[0]?.message).toEqual(message);
  });

  test.each([
    ['as it is', (base64: string) => base64],
    [
      'with every character percent-encoded',
      (base64: string) =>
        base64.replace(/./g, (character) => `%${character.charCodeAt(0).toString(16)}`),
    ],
  ])('sends 64 KiB by GET, %s', async (_, spell) => {
    const largest = Buffer.concat([Buffer.from('3082', 'hex'), randomBytes(65_534)]);
    const query = `operation=PKIOperation&message=${spell(largest.toString('base64'))}`;
    expect((await send(port, `${path}?${query}`)).status).toBe(200);
    expect(gateway.requests[0]?.message?.equals(largest)).toBe(true);
  });

  test('gets the answer exactly as the SCEP server made it', async () => {
    const answer = await send(port, `${path}?operation=PKIOperation`, { body: message });
    expect(answer.body).toEqual(scepAnswer.body);
    expect(answer.headers['content-type']).toBe('application/x-pki-message');
    expect(answer.headers).toMatchObject({
      'content-length': '7',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-correlation-id': 'id-1',
    });
    expect(answer.headers).not.toHaveProperty('x-powered-by');
    expect(answer.headers).not.toHaveProperty('etag');
  });

  test('asks with HEAD and gets the head of the GET', async () => {
    const answer = await send(port, `${path}?operation=GetCACaps`, { method: 'HEAD' });
    expect(answer).toMatchObject({ status: 200, headers: { 'content-length': '7' } });
    expect(answer.body).toHaveLength(0);
  });

  test('enrolls at the admin address (jscep)', async () => {
    const answer = await send(port, '/certsrv/mscep_admin/mscep.dll?operation=GetCACaps');
    expect(answer.status).toBe(200);
    expect(gateway.requests[0]).toMatchObject({ profile: 'ndes', operation: 'GetCACaps' });
  });

  test.each(['/certsrv/mscep/', '/CERTSRV/mscep/mscep.dll', '/scep?x=1', '/scep?operation='])(
    'that is a browser at %s sees the page of NDES',
    async (url) => {
      const answer = await send(port, url);
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toBe('text/html');
      expect(answer.headers['content-security-policy']).toBe(
        "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
      );
      expect(answer.body.toString('utf16le')).toContain(
        'By default, the admin URL is https://scep.example/CertSrv/mscep_admin </P>',
      );
      expect(gateway.requests).toEqual([]);
    },
  );
});

describe('a bad request', () => {
  beforeEach(async () => {
    gateway = await startGateway({
      scep: () => Promise.reject(new GatewayError('http.operation', 'Unknown operation.')),
    });
    ({ port } = gateway.listener);
  });
  afterEach(() => gateway.close());

  test.each([
    [
      'GET',
      `${path}?operation=PKIOperation`,
      undefined,
      400,
      'PKIOperation came without a message.',
    ],
    ['GET', `${path}?operation=PKIOperation&message=%25%25`, undefined, 400, 'not base64'],
    ['POST', `${path}?operation=PKIOperation`, undefined, 400, 'came without a message.'],
    ['POST', `${path}?operation=PKIOperation`, 'MII*', 400, 'The message is not base64.'],
    ['POST', path, undefined, 400, 'The request names no operation and has no body.'],
    ['GET', `${path}?operation=Nonsense`, undefined, 400, 'Unknown operation.'],
    ['PUT', `${path}?operation=GetCACaps`, undefined, 405, 'Methods: GET, HEAD, POST.'],
    ['OPTIONS', path, undefined, 405, 'Methods: GET, HEAD, POST.'],
    ['GET', '/nowhere?operation=GetCACaps', undefined, 404, 'There is nothing at this address.'],
  ])('%s %s %s: %i', async (method, url, body, status, text) => {
    const answer = await send(port, url, body === undefined ? { method } : { method, body });
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('text/plain');
    expect(answer.body.toString()).toContain(text);
    expect(answer.body.toString()).toMatch(/\nReference: id-1\n$/);
    expect(answer.headers['allow']).toBe(status === 405 ? 'GET, HEAD, POST' : undefined);
  });

  test('too large is refused by where it is too large', async () => {
    const large = randomBytes(65_537);
    large[0] = 0x30;
    const text = `message=${large.toString('base64url')}&operation=PKIOperation`;
    const [byGet, byPost, byChunks, asText] = [
      await send(port, `${path}?${text}`),
      await send(port, `${path}?operation=PKIOperation`, { body: large }),
      await send(port, `${path}?operation=PKIOperation`, {
        body: randomBytes(1_000_000),
        headers: { 'transfer-encoding': 'chunked' },
      }),
      await send(port, `${path}?operation=PKIOperation`, {
        body: `M${Buffer.alloc(65_600).toString('base64')}`,
      }),
    ];
    expect([byGet, byPost, byChunks, asText].map(({ status }) => status)).toEqual([
      414, 413, 413, 413,
    ]);
    expect(byGet.body.toString()).toContain('larger than 65536 octets');
    expect(gateway.requests).toEqual([]);
  });

  test('compressed is refused', async () => {
    const answer = await send(port, `${path}?operation=PKIOperation`, {
      body: message,
      headers: { 'content-encoding': 'gzip' },
    });
    expect(answer.status).toBe(400);
    expect(answer.body.toString()).toContain('A compressed request body is not understood.');
  });
});

describe('faults behind the door', () => {
  afterEach(() => gateway.close());

  test('what nobody foresaw before a request is looked at is 500 with a reference, and the gateway lives', async () => {
    let broken = true;
    gateway = await startGateway({
      deps: {
        clientAddress: (request) => {
          if (broken) throw new RangeError('a secret of the house');
          return socketPeerAddress(request);
        },
      },
    });
    ({ port } = gateway.listener);
    const { status, headers, body } = await send(port, '/healthz');
    expect(status).toBe(500);
    expect(body.toString()).toContain(`Reference: ${String(headers['x-correlation-id'])}`);
    expect(body.toString()).not.toContain('secret');
    expect(gateway.lines).toMatchObject([
      { level: 'error', correlationId: headers['x-correlation-id'] },
    ]);
    broken = false;
    expect((await send(port, '/healthz')).status).toBe(200);
  });

  test('an overload is told before any work, to PKIOperation only', async () => {
    const waiting: (() => void)[] = [];
    gateway = await startGateway({
      places: 2,
      scep: async ({ operation }) => {
        if (operation === 'PKIOperation') await new Promise<void>((go) => waiting.push(go));
        return scepAnswer;
      },
    });
    ({ port } = gateway.listener);
    const enroll = () => send(port, `${path}?operation=PKIOperation`, { body: message });
    const [first, second] = [enroll(), enroll()];
    while (waiting.length < 2) await new Promise((go) => setTimeout(go, 5));
    const third = await enroll();
    expect(third.status).toBe(503);
    expect(third.headers['retry-after']).toBe('5');
    expect(third.body.toString()).toContain('Too many operations at once.');
    expect((await send(port, `${path}?operation=GetCACaps`)).status).toBe(200);
    for (const go of waiting) go();
    expect((await first).status).toBe(200);
    expect((await second).status).toBe(200);
    expect(gateway.requests).toHaveLength(3);
  });

  describe('when all places are taken', () => {
    let answered: Promise<unknown>;
    let release: () => void;

    beforeEach(async () => {
      const held = new Promise<void>((go) => (release = go));
      gateway = await startGateway({
        places: 1,
        scep: () => held.then(() => scepAnswer),
      });
      ({ port } = gateway.listener);
      answered = send(port, `${path}?operation=PKIOperation`, { body: message });
      while (gateway.requests.length < 1) await new Promise((go) => setTimeout(go, 5));
    });
    afterEach(async () => {
      release();
      await answered;
    });

    test('who has to come again gets the headers every answer has, and a line that floods may have', async () => {
      const { status, headers, body } = await send(port, `${path}?operation=PKIOperation`, {
        body: message,
      });
      expect(status).toBe(503);
      expect(headers).toMatchObject({
        'retry-after': '5',
        'content-type': 'text/plain',
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      });
      const correlationId = String(headers['x-correlation-id']);
      expect(body.toString()).toMatch(new RegExp(`Reference: ${correlationId}\n$`));
      const line = gateway.lines.find((each) => each.correlationId === correlationId);
      expect(line).toMatchObject({
        level: 'debug',
        message: 'request',
        fields: { method: 'POST', path, status: 503, profile: 'ndes', operation: 'PKIOperation' },
      });
      expect(line?.fields['aborted']).toBeUndefined();
      expect(gateway.refusals).toEqual(['concurrentOperations']);
    });

    test('a connection goes on after its request was turned away, and nothing of the body is taken for another', async () => {
      const request = `POST ${path}?operation=PKIOperation HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n${'GET / HTTP/1.1\r\n\r\n'.repeat(3000).slice(0, 40_000)}`;
      const last = 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
      const answers = await sendRaw(port, request + last);
      expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 503', 'HTTP/1.1 200']);
    });

    test('a body that waits to be asked for is not asked for', async () => {
      const answer = await sendRaw(
        port,
        `POST ${path}?operation=PKIOperation HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 503 /);
      expect(answer).toMatch(/\r\nRetry-After: 5\r\n/);
      expect(answer).toMatch(/\r\nConnection: close\r\n/);
    });

    test('a connection that is turned away can be used again', async () => {
      const posted = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n123456789`;
      const answers = await sendRaw(
        port,
        `${posted}GET ${path}?operation=PKIOperation&message=MII HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      );
      expect(answers.match(/HTTP\/1\.1 503 /g)).toHaveLength(2);
    });

    test('its line tells profile and operation, at debug: there may be thousands', async () => {
      await send(port, `${path}?operation=pkiOperation`, { body: message });
      expect(await gateway.accessLine()).toMatchObject({
        level: 'debug',
        fields: { status: 503, profile: 'ndes', operation: 'pkiOperation' },
      });
    });
  });

  test.each([
    [new GatewayError('issuer.unavailable', 'The CA is away.'), 503, 'The CA is away.', 'error'],
    [new GatewayError('store.unavailable', 'The store is busy.'), 503, 'is busy.', 'error'],
    [new GatewayError('enrollment.pending-limit', 'Too many.'), 503, 'Too many.', 'debug'],
    [new GatewayError('policy.key', 'secret policy'), 500, 'The gateway failed', 'error'],
    [new TypeError('secret of /srv/x.ts'), 500, 'The gateway failed to answer.', 'error'],
  ])('$message: answered without insides', async (error, status, text, level) => {
    gateway = await startGateway({ scep: () => Promise.reject(error) });
    const answer = await send(gateway.listener.port, `${path}?operation=GetCACert`);
    expect(answer.status).toBe(status);
    expect(answer.headers['retry-after']).toBe(status === 503 ? '5' : undefined);
    expect(answer.body.toString()).toContain(text);
    expect(answer.body.toString()).not.toContain('secret');
    expect(gateway.lines).toContainEqual(
      expect.objectContaining({
        level,
        correlationId: 'id-1',
        fields: expect.objectContaining({ error: error.message }),
      }),
    );
  });

  test('Retry-After and status of the SCEP server go through', async () => {
    gateway = await startGateway({
      scep: () => Promise.resolve({ ...scepAnswer, status: 503, retryAfterSeconds: 30 }),
    });
    const answer = await send(gateway.listener.port, `${path}?operation=GetCACert`);
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('30');
  });
});

describe('the log', () => {
  beforeEach(async () => {
    gateway = await startGateway();
    ({ port } = gateway.listener);
  });
  afterEach(() => gateway.close());

  test('has one line a request, without its query', async () => {
    const base64 = encodeURIComponent(message.toString('base64'));
    await send(port, `//scep/PKIClient.exe?operation=PKIOperation&message=${base64}`, {
      headers: { 'user-agent': 'device/1\u00ff' },
    });
    const line = await gateway.accessLine();
    expect(line).toMatchObject({
      level: 'info',
      correlationId: 'id-1',
      fields: {
        method: 'GET',
        path: '/scep/PKIClient.exe',
        status: 200,
        address: '127.0.0.1',
        agent: 'device/1?',
        profile: 'ndes',
        operation: 'PKIOperation',
      },
    });
    expect(line.fields['ms']).toBeGreaterThanOrEqual(0);
    expect(JSON.stringify(gateway.lines)).not.toContain(base64.slice(0, 40));
  });

  test('carries the correlation id into the work of a POST', async () => {
    await send(port, `${path}?operation=PKIOperation`, { body: message });
    await send(port, `${path}?operation=PKIOperation`, { body: message });
    const scepLines = gateway.lines.filter(({ message: about }) => about === 'scep');
    expect(scepLines.map(({ correlationId }) => correlationId)).toEqual(['id-1', 'id-2']);
  });

  test('takes no line breaks and no novels from strangers', async () => {
    await send(port, `/%0d%0aforged%20line${'x'.repeat(5000)}`);
    const { fields } = await gateway.accessLine();
    expect(String(fields['path'])).toMatch(/^\/\?\?forged line/);
    expect(String(fields['path'])).toHaveLength(200);
  });
});
