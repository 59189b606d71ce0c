/** CES on a socket, out to hang, to flood, or to be believed: whatever it sends, one outcome comes of it. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openCesIssuer, type AdcsIssuer } from '../../../src/adcs/index.js';
import type { IssuanceOutcome } from '../../../src/issuer/index.js';
import { certificateBundle } from '../../../src/pkcs7/index.js';
import { createWebClient, type WebClient } from '../../../src/web-client/index.js';
import { basicConstraints, type Certificate } from '../../../src/x509/index.js';
import { authorizationFor, issuanceRequest } from '../../issuer/issuer.contract.js';
import { issuedBy, selfSigned } from '../../support/certificates.js';
import { testKey } from '../../support/keys.js';
import { tlsIdentity } from '../../web-client/upstream.js';
import { FakeCa } from '../certsrv/fake-ca.js';
import { answerTo, fault, response } from './service.js';

/** What the server does with a question; each question has a connection that may have had others before. */
type Script = (socket: TLSSocket, question: Question) => void | Promise<void>;

interface Question {
  readonly messageId: string;
  /** A good answer to it, issued. */
  readonly body: string;
}

const csrKey = testKey('client').publicKey.id;

let ca: FakeCa;
let server: Server;
let pin: string;
let sockets: TLSSocket[];
let timers: NodeJS.Timeout[];
let script: Script;
let clients: WebClient[];
let questions: number;

beforeEach(async () => {
  ca = await FakeCa.create();
  sockets = [];
  timers = [];
  clients = [];
  questions = 0;
  const { certificate, options } = await tlsIdentity();
  pin = certificate.thumbprints.sha256;
  server = createServer(options, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    let received = '';
    socket.on('data', (octets: Buffer) => {
      received += octets.toString('latin1');
      if (!received.endsWith('</s:Envelope>')) return;
      const text = received.slice(received.indexOf('\r\n\r\n') + 4);
      received = '';
      questions += 1;
      void answer(socket, text);
    });
  }).listen(0, '127.0.0.1');
  server.on('tlsClientError', () => undefined);
  await once(server, 'listening');
});

afterEach(async () => {
  timers.forEach(clearInterval);
  clients.forEach((client) => client.close());
  sockets.forEach((socket) => socket.destroy());
  server.close();
  await once(server, 'close');
});

async function answer(socket: TLSSocket, text: string): Promise<void> {
  const messageId = /urn:uuid:[-0-9a-f]+/.exec(text)?.[0] ?? '';
  const { body } = await answerTo(ca, text, 'svc');
  await script(socket, { messageId, body: body.toString() });
}

async function open(
  limits: Parameters<typeof createWebClient>[0]['limits'] = {},
  { submitMillis = 60_000, isChainGiven = true } = {},
): Promise<AdcsIssuer> {
  const { port } = server.address() as AddressInfo;
  const client = createWebClient({
    origin: `https://127.0.0.1:${port}`,
    credentials: [],
    tls: { pins: [pin] },
    limits,
  });
  clients.push(client);
  return openCesIssuer({
    name: 'corp',
    client,
    url: `https://127.0.0.1:${port}/CA_CES_Test/service.svc/CES`,
    token: undefined,
    identity: undefined,
    templates: { signature: 'Phones', encryption: 'Phones', generalPurpose: 'Phones' },
    attributes: [],
    chain: isChainGiven ? [ca.certificate] : undefined,
    pins: [],
    state: { get: () => Promise.resolve(undefined), set: () => Promise.resolve() },
    submitMillis,
    report: () => undefined,
    clock: () => new Date(),
  });
}

async function submit(issuer: AdcsIssuer): Promise<IssuanceOutcome> {
  const request = await issuanceRequest('transaction-1');
  return issuer.submit(request, authorizationFor(request));
}

/** In doubt: nothing is sent again before somebody has looked. */
const inDoubt = { kind: 'unavailable', submission: 'unknown' };

function http(body: string | Buffer, fields: readonly string[] = [], status = '200 OK'): Buffer {
  const octets = Buffer.from(body);
  const own = fields.some((field) => /^(?:content-length|transfer-encoding):/i.test(field));
  const lines = [...fields, ...(own ? [] : [`Content-Length: ${octets.length}`])];
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 ${status}\r\n${lines.join('\r\n')}\r\n\r\n`),
    octets,
  ]);
}

/** Again and again after the start, until nobody listens. */
function drip(socket: TLSSocket, octets: string | Buffer, start = ''): void {
  socket.write(start);
  const timer = setInterval(() => socket.writable && socket.write(octets), 5);
  timers.push(timer);
  socket.once('close', () => clearInterval(timer));
}

const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\n';

describe('an answer without an end', () => {
  const endless: readonly (readonly [string, Script])[] = [
    ['nothing at all', () => undefined],
    ['a header field that drips', (socket) => drip(socket, 'x', `${head}X: `)],
    ['"go on" again and again', (socket) => drip(socket, 'HTTP/1.1 100 Continue\r\n\r\n')],
    ['"processing" again and again', (socket) => drip(socket, 'HTTP/1.1 102 Processing\r\n\r\n')],
    [
      'a change of protocols',
      (socket) => drip(socket, 'x', 'HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
    ],
    ['a body that drips', (socket) => drip(socket, ' ', `${head}Content-Length: 900000\r\n\r\n`)],
    [
      'chunks that drip',
      (socket) => drip(socket, '1\r\n \r\n', `${head}Transfer-Encoding: chunked\r\n\r\n`),
    ],
    [
      'the length of a chunk that drips',
      (socket) => drip(socket, 'x', `${head}Transfer-Encoding: chunked\r\n\r\n1;`),
    ],
    [
      'trailers that drip',
      (socket) => drip(socket, 'X: y\r\n', `${head}Transfer-Encoding: chunked\r\n\r\n0\r\n`),
    ],
    [
      'a body that waits for the end of the connection',
      (socket) => drip(socket, ' ', `${head}\r\n`),
    ],
  ];

  /** All of them at once: the limits are far longer than it takes to connect, on a slow machine too. */
  test('is waited for as long as the submission or the client has in all', async () => {
    const millis = 6000;
    const opened = [
      () => open({ answerMillis: 60_000, totalMillis: 60_000 }, { submitMillis: millis }),
      () => open({ answerMillis: 60_000, totalMillis: millis }),
    ];
    script = (socket, question) => endless[questions % endless.length]?.[1](socket, question);
    const outcomes = await Promise.all(
      opened.flatMap((again) => endless.map(async () => submit(await again()))),
    );
    expect(outcomes).toEqual(outcomes.map(() => expect.objectContaining(inDoubt) as unknown));
    expect(questions).toBe(2 * endless.length);
    await Promise.all(sockets.map(closing));
  });
});

function closing(socket: TLSSocket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

describe('an answer without a measure', () => {
  test.each<readonly [string, Script]>([
    ['a flood', (socket) => drip(socket, Buffer.alloc(256 * 1024, 0x20), `${head}\r\n`)],
    [
      'a chunk of 2^63 octets',
      (socket) =>
        drip(
          socket,
          Buffer.alloc(256 * 1024, 0x20),
          `${head}Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n`,
        ),
    ],
    [
      'a chunk of 2^64 octets',
      (socket) =>
        void socket.write(`${head}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n`),
    ],
    [
      'a megabyte of header fields',
      (socket) => void socket.write(`${head}X: ${'x'.repeat(1024 * 1024)}\r\n\r\n`),
    ],
    [
      '100,000 header fields',
      (socket) => void socket.write(`${head}${'X: y\r\n'.repeat(100_000)}\r\n`),
    ],
    [
      'a megabyte behind a chunk length',
      (socket) =>
        void socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(1024 * 1024)}`),
    ],
    [
      'a megabyte of trailers',
      (socket) =>
        void socket.write(
          `${head}Transfer-Encoding: chunked\r\n\r\n0\r\nX: ${'x'.repeat(1024 * 1024)}\r\n\r\n`,
        ),
    ],
    ['a length below nothing', (socket) => void socket.write(http('', ['Content-Length: -1']))],
    [
      'two lengths',
      (socket, { body }) =>
        void socket.write(http(body, ['Content-Length: 3', 'Content-Length: 4'])),
    ],
    [
      'a length and chunks',
      (socket, { body }) =>
        void socket.write(http(body, ['Content-Length: 3', 'Transfer-Encoding: chunked'])),
    ],
    [
      'a length that is more than comes',
      (socket, { body }) => void socket.end(http(body, [`Content-Length: ${body.length + 1}`])),
    ],
    [
      'a length that is less than comes',
      (socket, { body }) => void socket.write(http(body, [`Content-Length: ${body.length - 1}`])),
    ],
    ['no HTTP', (socket) => void socket.write('SSH-2.0-x\r\n')],
    ['HTTP/0.9', (socket, { body }) => void socket.end(body)],
  ])('%s', async (_, boundlessly) => {
    script = boundlessly;
    expect(await submit(await open())).toMatchObject(inDoubt);
    expect(questions).toBe(1);
    expect(ca.requests).toHaveLength(1);
  });

  test('what comes after an answer is not the answer to the next question', async () => {
    ca.templates.set('Phones', { does: 'wait' });
    script = (socket, { body }) => {
      // A second answer, to a question that nobody has asked yet.
      socket.write(Buffer.concat([http(body), http('<stale/>')]));
    };
    const issuer = await open();
    const first = await submit(issuer);
    script = (socket, { body }) => void socket.write(http(body));
    if (first.kind === 'pending') {
      expect(first).toEqual({ kind: 'pending', requestId: '81' });
    } else {
      expect(first).toMatchObject(inDoubt);
    }
    expect(await issuer.retrieve('81', csrKey)).toEqual({ kind: 'pending', requestId: '81' });
  });
});

describe('an answer in other clothes is the answer', () => {
  const issued = { kind: 'issued' };
  test.each<readonly [string, (question: Question) => Buffer]>([
    ['another Content-Type', ({ body }) => http(body, ['Content-Type: text/html'])],
    ['no Content-Type', ({ body }) => http(body)],
    [
      'another charset than it has',
      ({ body }) => http(body, ['Content-Type: application/soap+xml; charset=utf-16']),
    ],
    ['a byte order mark', ({ body }) => http(`\ufeff${body}`)],
    ['a declaration', ({ body }) => http(`<?xml version="1.0" encoding="utf-8"?>\n${body}`)],
    ['HTTP 500', ({ body }) => http(body, [], '500 Internal Server Error')],
    ['HTTP 202', ({ body }) => http(body, [], '202 Accepted')],
    [
      'CDATA',
      ({ body }) =>
        http(
          body.replace(
            /(BinarySecurityToken [^>]*>)([^<]*)</g,
            (_, tag: string, text: string) => `${tag}<![CDATA[${text.replace(/&#xD;/g, '')}]]><`,
          ),
        ),
    ],
    [
      'comments in the digits',
      ({ body }) => http(body.replace(/(BinarySecurityToken [^>]*>.{9})/g, '$1<!-- > -->')),
    ],
    ['other prefixes', ({ body }) => http(body.replace(/(<\/?|xmlns:| )s([:=])/g, '$1trust$2'))],
    [
      'a prefix with another meaning further out',
      ({ body }) =>
        http(
          body.replace(
            '<RequestedSecurityToken>',
            '<RequestedSecurityToken xmlns:s="urn:other" xmlns:a="urn:other">',
          ),
        ),
    ],
    [
      'an element that nobody knows',
      ({ body }) =>
        http(
          body.replace(
            '<RequestedSecurityToken>',
            '<x xmlns="urn:x"><y/></x><RequestedSecurityToken>',
          ),
        ),
    ],
    [
      'octet by octet',
      ({ body }) =>
        http(body.replace(/[^]/g, (octet) => `1\r\n${octet}\r\n`).concat('0\r\n\r\n'), [
          'Transfer-Encoding: chunked',
        ]),
    ],
  ])('%s', async (_, dressed) => {
    script = (socket, question) => void socket.write(dressed(question));
    expect(await submit(await open())).toMatchObject(issued);
  });
});

describe('what is no answer leaves it in doubt', () => {
  const html = '<html><body>Sign in</body></html>';
  const twice = (body: string, element: string) =>
    body.replace(new RegExp(`<${element}[ >].*</${element}>`, 's'), '$&$&');
  test.each<readonly [string, (question: Question) => Buffer]>([
    ['gzip', ({ body }) => http(gzipSync(body), ['Content-Encoding: gzip'])],
    ['UTF-16', ({ body }) => http(Buffer.from(`\ufeff${body}`, 'utf16le'))],
    [
      'a declaration of UTF-16',
      ({ body }) => http(`<?xml version="1.0" encoding="utf-16"?>${body}`),
    ],
    [
      'a byte that is no UTF-8',
      ({ body }) =>
        http(
          Buffer.concat([
            Buffer.from(body.slice(0, -20)),
            Buffer.from([0xff]),
            Buffer.from(body.slice(-20)),
          ]),
        ),
    ],
    [
      'MTOM',
      ({ body }) =>
        http(`--b\r\nContent-Type: application/xop+xml\r\n\r\n${body}\r\n--b--\r\n`, [
          'Content-Type: multipart/related; boundary=b; type="application/xop+xml"',
        ]),
    ],
    ['a DTD', ({ body }) => http(`<!DOCTYPE s:Envelope [<!ENTITY a "b">]>${body}`)],
    [
      'a billion laughs',
      ({ body }) =>
        http(
          `<!DOCTYPE x [<!ENTITY a "ha">${'abcdefghij'
            .split('')
            .map((n, at, all) => `<!ENTITY ${all[at + 1] ?? 'z'} "${`&${n};`.repeat(10)}">`)
            .join('')}]>${body.replace('Issued', '&z;')}`,
        ),
    ],
    ['an entity of its own', ({ body }) => http(body.replace('Issued', '&xxe;'))],
    ['100,000 levels', () => http('<a>'.repeat(100_000))],
    ['100,000 elements', () => http(`<a>${'<b/>'.repeat(100_000)}</a>`)],
    [
      '100,000 attributes',
      () => http(`<a${Array.from({ length: 100_000 }, (_, n) => ` a${n}=""`).join('')}/>`),
    ],
    ['an end tag without an end', () => http(`<a>${'</'.repeat(100_000)}`)],
    ['a name without an end', () => http(`<${'a'.repeat(900_000)}`)],
    [
      'SOAP 1.1',
      ({ body }) =>
        http(
          body.replaceAll(
            'http://www.w3.org/2003/05/soap-envelope',
            'http://schemas.xmlsoap.org/soap/envelope/',
          ),
        ),
    ],
    ['two bodies', ({ body }) => http(twice(body, 's:Body'))],
    ['two collections', ({ body }) => http(twice(body, 'RequestSecurityTokenResponseCollection'))],
    ['two responses', ({ body }) => http(twice(body, 'RequestSecurityTokenResponse'))],
    [
      'an answer to another question besides',
      ({ body }) =>
        http(body.replace('<a:RelatesTo>', '<a:RelatesTo>urn:uuid:0</a:RelatesTo><a:RelatesTo>')),
    ],
    [
      'an answer to another question in a second header',
      ({ body }) =>
        http(
          body.replace(
            '<s:Body>',
            '<s:Header><a:RelatesTo>urn:uuid:0</a:RelatesTo></s:Header><s:Body>',
          ),
        ),
    ],
    [
      'the answer to another question',
      ({ body }) => http(body.replace(/urn:uuid:[^<]*/, 'urn:uuid:0')),
    ],
    ['no content', () => http('', [], '204 No Content')],
    ['a page', () => http(html)],
    ['a page of an error', () => http(html, [], '502 Bad Gateway')],
    [
      'a response after a fault',
      ({ messageId, body }) =>
        http(
          `${String(fault({ messageId }, { errorCode: 0x80094811 | 0 }).body).replace('</s:Body></s:Envelope>', '')}${body.slice(body.indexOf('<s:Body>') + 8)}`,
        ),
    ],
  ])('%s', async (_, strange) => {
    script = (socket, question) => void socket.write(strange(question));
    expect(await submit(await open())).toMatchObject(inDoubt);
    expect(ca.requests).toHaveLength(1);
  });
});

describe('a fault with HTTP 200 is a fault', () => {
  test.each<readonly [string, number, object]>([
    ['permanent', 0x80094811, { kind: 'refused' }],
    ['of the configuration', 0x80094800, { kind: 'refused' }],
    ['a sign-in', 0x8009030c, { kind: 'unavailable', submission: 'none' }],
    ['transient', 0x800706ba, { kind: 'unavailable', submission: 'none' }],
    ['in doubt', 0x800706be, inDoubt],
  ])('%s', async (_, code, outcome) => {
    script = (socket, { messageId }) =>
      void socket.write(http(fault({ messageId }, { errorCode: code | 0 }).body));
    expect(await submit(await open())).toMatchObject(outcome);
  });
});

describe('certificates', () => {
  const authority = { subject: 'CN=X', extensions: [basicConstraints({ ca: true })] };

  /** All of one name, so that any might have signed any; only the last signature is right. */
  async function alike(many: number): Promise<Certificate[]> {
    const signer = {
      certificate: await selfSigned(testKey('ra-old'), authority),
      key: testKey('ra-old'),
    };
    const one = await issuedBy(signer, testKey('client-2').publicKey, authority);
    const last = await issuedBy(
      { ...signer, key: testKey('client-2') },
      testKey('ca').publicKey,
      authority,
    );
    return [...Array<Certificate>(many).fill(one), last];
  }

  test.each([
    ['a chain', true],
    ['no chain', false],
  ])('a thousand CAs around the right one do not matter where there is %s', async (_, isGiven) => {
    const bundle = certificateBundle(await alike(1000));
    script = (socket, { messageId }) => {
      const [request] = ca.requests;
      if (request?.state.kind !== 'issued') throw new Error('nothing issued');
      const certificate = request.state.certificate.der;
      socket.write(http(response({ messageId }, { requestId: '81', bundle, certificate }).body));
    };
    const issuer = await open({}, { isChainGiven: isGiven });
    expect(await submit(issuer)).toMatchObject(isGiven ? { kind: 'issued' } : inDoubt);
    expect(issuer.chain).toEqual(isGiven ? [ca.certificate] : []);
  });

  test('a hundred CAs of one name are no chain', async () => {
    const bundle = certificateBundle(await alike(90));
    script = (socket, { messageId }) => {
      const [request] = ca.requests;
      if (request?.state.kind !== 'issued') throw new Error('nothing issued');
      const certificate = request.state.certificate.der;
      socket.write(http(response({ messageId }, { requestId: '81', bundle, certificate }).body));
    };
    const issuer = await open({}, { isChainGiven: false });
    expect(await submit(issuer)).toMatchObject(inDoubt);
    expect(issuer.chain).toEqual([]);
  });

  test('two certificates: the first is looked at, and it is not ours', async () => {
    const other = await issuedBy(
      { certificate: ca.certificate, key: testKey('ca') },
      testKey('client-2').publicKey,
    );
    script = (socket, { messageId, body }) => {
      const [first] =
        /<BinarySecurityToken ValueType="[^"]*#X509v3".*<\/BinarySecurityToken>/s.exec(
          String(response({ messageId }, { requestId: '81', certificate: other.der }).body),
        ) ?? [''];
      socket.write(
        http(body.replace('<RequestedSecurityToken>', `<RequestedSecurityToken>${first}`)),
      );
    };
    expect(await submit(await open())).toMatchObject(inDoubt);
  });

  test.each([
    ['nothing but zeros', Buffer.alloc(300_000)],
    ['lists in lists', Buffer.from('3080'.repeat(100_000), 'hex')],
  ])('a certificate and a bundle of %s wait for one that can be read', async (_, octets) => {
    script = (socket, { messageId }) =>
      void socket.write(
        http(
          response({ messageId }, { requestId: '81', bundle: octets, certificate: octets }).body,
        ),
      );
    expect(await submit(await open())).toEqual({ kind: 'pending', requestId: '81' });
  });
});
