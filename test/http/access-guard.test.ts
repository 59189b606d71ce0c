import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createAllowLists, createClientAddress } from '../../src/access/index.js';
import { rulesOf } from '../access/origins.js';
import { as, send, sendRaw } from './client.js';
import { startGateway, type Gateway } from './gateway.js';

const jamf = '54.208.14.206';
const outside = '203.0.113.9';
const scep = '/certsrv/mscep/mscep.dll';
const page = '/certsrv/mscep_admin/';

const allowLists = createAllowLists({
  scep: new Map([['ndes', rulesOf(jamf)]]),
  admin: rulesOf(jamf, '10.0.0.0/8'),
  api: undefined,
  publications: undefined,
  metrics: rulesOf('127.0.0.1'),
});
/** App Proxy on the same machine. */
const listener = {
  clientAddress: createClientAddress({
    trustedProxies: rulesOf('127.0.0.1'),
    source: { kind: 'x-forwarded-for' },
    requiredHeaders: [{ name: 'X-MS-Proxy', value: 'AzureAD-Application-Proxy' }],
  }),
};

let gateway: Gateway;
afterEach(() => gateway.close());

async function startGuarded(): Promise<number> {
  gateway = await startGateway({ deps: { allowLists }, listener });
  return gateway.listener.port;
}

function from(client: string): Readonly<Record<string, string>> {
  return { 'X-Forwarded-For': client, 'X-MS-Proxy': 'AzureAD-Application-Proxy' };
}

describe('allow lists', () => {
  test.each([
    [`${scep}?operation=GetCACaps`, jamf, 200],
    [`${scep}?operation=GetCACaps`, `${outside}, ${jamf}`, 200],
    [`${scep}?operation=GetCACaps`, `${jamf}, ${outside}`, 403],
    [`${scep}?operation=GetCACaps`, '10.1.2.3', 403],
    [scep, outside, 403],
    [`${scep}/pkiclient.exe?operation=PKIOperation&message=AA==`, outside, 403],
    ['//CertSrv//mscep/MSCEP.dll/?operation=GetCACert', outside, 403],
    ['/%63ertsrv/mscep/mscep.dll?operation=GetCACert', outside, 403],
    [page, outside, 403],
    [page, '10.1.2.3', 401],
    ['/certsrv/mscep_admin/mscep.dll', '10.1.2.3', 401],
    ['/certsrv/mscep_admin/mscep.dll', outside, 403],
    ['/certsrv/mscep_admin/mscep.dll?operation=GetCACaps', '10.1.2.3', 403],
    ['/certsrv/mscep_admin/mscep.dll?operation=GetCACaps', jamf, 200],
    ['/api/v1/challenges', outside, 403],
    ['/API%2Fv1/challenges', outside, 403],
    ['/api/v1/challenges', '10.1.2.3', 401],
    ['/', outside, 403],
    ['/', '10.1.2.3', 200],
    ['/nothing/here', outside, 403],
    ['/nothing/here', '10.1.2.3', 404],
    ['/crl/local.crl', outside, 200],
    ['/ca/local.cer', outside, 200],
    ['/healthz', outside, 200],
  ])('%s from %s: %d', async (path, client, status) => {
    const port = await startGuarded();
    expect((await send(port, path, { headers: from(client) })).status).toBe(status);
  });

  test('tell the caller nothing, and the audit trail all', async () => {
    const port = await startGuarded();
    const answer = await send(port, `${scep}?operation=GetCACaps`, {
      headers: from(`10.0.0.1, ${outside}:51234`),
    });
    expect(answer.status).toBe(403);
    expect(answer.body.toString()).toBe('Forbidden.\nReference: id-1\n');
    expect(gateway.audits).toEqual([
      expect.objectContaining({
        event: 'access.denied',
        correlationId: 'id-1',
        profile: 'ndes',
        clientAddress: outside,
        actor: undefined,
        outcome: 'refused',
        code: 'http.forbidden',
        reason:
          'the peer 127.0.0.1 is a trusted proxy: 127.0.0.1; ' +
          'the required header X-MS-Proxy is there; ' +
          `x-forwarded-for names ${outside}, the nearest that is no trusted proxy; ` +
          `profiles.ndes.allow does not hold ${outside}: ${jamf}`,
      }),
    ]);
    expect((await gateway.accessLine()).fields).toMatchObject({ status: 403, address: outside });
  });

  test('the API is told in JSON, no more', async () => {
    const port = await startGuarded();
    const answer = await send(port, '/api/v1/challenges', { headers: from(outside) });
    expect(JSON.parse(answer.body.toString())).toEqual({
      error: { code: 'http.forbidden', message: 'Forbidden.', correlationId: 'id-1' },
    });
  });

  test.each([
    ['no header', { 'X-MS-Proxy': 'AzureAD-Application-Proxy' }],
    ['no marker', { 'X-Forwarded-For': jamf }],
    ['a forged octal address', from('066.208.14.206')],
    ['nobody but proxies', from('127.0.0.1')],
    ['a folded marker', { ...from(jamf), 'X-MS-Proxy': 'AzureAD-Application-Proxy, x' }],
  ])(
    '%s through the proxy: refused where there is a list, served elsewhere',
    async (_, headers) => {
      const port = await startGuarded();
      expect((await send(port, `${scep}?operation=GetCACaps`, { headers })).status).toBe(403);
      expect(gateway.audits[0]).toMatchObject({
        clientAddress: 'undetermined (peer 127.0.0.1)',
        code: 'http.forbidden',
      });
      expect((await send(port, '/crl/local.crl', { headers })).status).toBe(200);
      expect((await gateway.accessLine()).fields).toMatchObject({
        address: '127.0.0.1',
        undetermined: true,
      });
    },
  );

  test('a stranger who sends the headers of the proxy is who it is', async () => {
    const port = await startGuarded();
    const answer = await send(port, `${scep}?operation=GetCACaps`, {
      headers: from(jamf),
      localAddress: '127.0.0.2',
    });
    expect(answer.status).toBe(403);
    expect(gateway.audits[0]).toMatchObject({ clientAddress: '127.0.0.2' });
  });

  test('are asked before a body comes', async () => {
    const port = await startGuarded();
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `POST ${scep}?operation=PKIOperation HTTP/1.1\r\nHost: x\r\nConnection: close\r\n` +
        `X-Forwarded-For: ${outside}\r\nX-MS-Proxy: AzureAD-Application-Proxy\r\n` +
        'Content-Length: 60000\r\n\r\n',
    );
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(gateway.requests).toEqual([]);
  });

  test('ask for a body only whom they let in', async () => {
    const port = await startGuarded();
    const asking = async (client: string, expectation: string) => {
      const socket = connect(port, '127.0.0.1');
      socket.write(
        `POST ${scep}?operation=PKIOperation HTTP/1.1\r\nHost: x\r\nExpect: ${expectation}\r\n` +
          `X-Forwarded-For: ${client}\r\nX-MS-Proxy: AzureAD-Application-Proxy\r\n` +
          'Content-Length: 3\r\n\r\n',
      );
      const [first] = (await once(socket, 'data')) as [Buffer];
      return { socket, first: first.toString('latin1') };
    };
    const denied = await asking(outside, '100-continue');
    expect(denied.first).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n(?:.+\r\n)*Connection: close\r\n/);
    expect(await text(denied.socket)).toBe('');
    const odd = await asking(outside, 'the-unexpected');
    expect(odd.first).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    odd.socket.destroy();
    expect(gateway.audits).toHaveLength(2);

    const allowed = await asking(jamf, '100-continue');
    expect(allowed.first).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    allowed.socket.write('0\x01\x02');
    const [second] = (await once(allowed.socket, 'data')) as [Buffer];
    expect(second.toString('latin1')).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    allowed.socket.destroy();
    expect(gateway.requests).toHaveLength(1);
  });

  test.each([199, 200, 1000, 5000])(
    'a client that sends %d headers cannot push out what the proxy appends',
    async (fields) => {
      const port = await startGuarded();
      const answer = await sendRaw(
        port,
        `GET ${scep}?operation=GetCACaps HTTP/1.1\r\nHost: x\r\nConnection: close\r\n` +
          `X-MS-Proxy: AzureAD-Application-Proxy\r\nX-Forwarded-For: ${jamf}\r\n` +
          `${'a: b\r\n'.repeat(fields - 5)}X-Forwarded-For: ${outside}\r\n\r\n`,
      );
      expect(answer.slice(0, 12)).toBe(fields > 200 ? 'HTTP/1.1 431' : 'HTTP/1.1 403');
      expect(gateway.requests).toEqual([]);
    },
  );

  test.each([
    ['a header that is folded over two lines', `X-Forwarded-For: ${jamf},\r\n ${outside}`, 400],
    ['a header of 20,000 addresses', `X-Forwarded-For: ${`${jamf}, `.repeat(3000)}${outside}`, 403],
    ['two lines that contradict', `X-Forwarded-For: ${jamf}\r\nX-Forwarded-For: ${outside}`, 403],
    ['a NUL', `X-Forwarded-For: ${jamf}\0`, 400],
  ])('%s', async (_, lines, status) => {
    const port = await startGuarded();
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `GET ${scep}?operation=GetCACaps HTTP/1.1\r\nHost: x\r\nConnection: close\r\n` +
        `X-MS-Proxy: AzureAD-Application-Proxy\r\n${lines}\r\n\r\n`,
      'latin1',
    );
    expect((await text(socket)).slice(0, 12)).toBe(`HTTP/1.1 ${status}`);
    expect(gateway.requests).toEqual([]);
  });

  test('from outside of them nobody locks an account', async () => {
    const port = await startGuarded();
    for (const path of [page, '/api/v1/challenges']) {
      for (let attempt = 0; attempt < 6; attempt++) {
        const headers = { ...from(outside), ...as('mdm', 'wrong') };
        expect((await send(port, path, { headers })).status).toBe(403);
      }
    }
    const headers = { ...from(jamf), ...as('mdm') };
    expect((await send(port, page, { headers })).status).toBe(200);
  });

  test('a flood of strangers fills neither disk nor memory with records', async () => {
    const port = await startGuarded();
    for (let request = 0; request < 80; request++) {
      await send(port, page, { headers: from(outside) });
    }
    await send(port, page, { headers: from('203.0.113.10') });
    expect(gateway.audits).toHaveLength(61);
    expect(gateway.lines.filter(({ message }) => message === 'access denied')).toHaveLength(20);
  });

  test('hold also where a denial cannot be recorded', async () => {
    gateway = await startGateway({
      deps: { allowLists, audit: () => Promise.reject(new Error('disk full')) },
      listener,
    });
    const answer = await send(gateway.listener.port, page, { headers: from(outside) });
    expect(answer.status).toBe(403);
    expect(gateway.lines.some(({ message }) => message === 'a denial could not be recorded')).toBe(
      true,
    );
  });

  test('an origin that is not determined satisfies no binding: SCEP is told so', async () => {
    gateway = await startGateway({ listener });
    await send(gateway.listener.port, `${scep}?operation=GetCACaps`);
    expect(gateway.requests[0]?.client.address).toBe('undetermined (peer 127.0.0.1)');
  });
});
