import { afterEach, expect, test } from '@jest/globals';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createSignInBrake } from '../../src/access/index.js';
import { as, send } from './client.js';
import { now, startGateway, type Gateway, type GatewayOptions } from './gateway.js';

const page = '/certsrv/mscep_admin/';
const attacker = '127.0.0.2';

let gateway: Gateway;
afterEach(() => gateway.close());

/** With the defaults of the configuration, save for the pauses. */
function start(options: GatewayOptions = {}): Promise<Gateway> {
  return startGateway({
    failures: 10,
    ...options,
    deps: {
      signInBrake: createSignInBrake(
        { count: 5, seconds: 600 },
        { clock: () => now, pause: () => Promise.resolve() },
      ),
      ...options.deps,
    },
  });
}

function guess(password: string, path = page, localAddress = attacker) {
  return send(gateway.listener.port, path, {
    headers: as('mdm', password),
    localAddress,
    ...(path.startsWith('/api') && { method: 'POST' }),
  });
}

test('an address that guesses is stopped before it can lock the account', async () => {
  gateway = await start();
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 12; attempt++) {
    const path = attempt % 2 === 0 ? page : '/api/v1/challenges';
    statuses.push((await guess(`wrong ${attempt}`, path)).status);
  }
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429, 429, 429, 429, 429]);

  const told = await guess('pass-mdm');
  expect(told.status).toBe(429);
  expect(told.headers['retry-after']).toMatch(/^(?:600|59\d)$/);
  expect(told.headers['www-authenticate']).toBeUndefined();
  expect(told.body.toString()).toMatch(
    /^Too many failed sign-ins from this address\.\nTry again in \d+ s\.\nReference: id-\d+\n$/,
  );
  const byApi = await guess('pass-mdm', '/api/v1/challenges');
  expect(JSON.parse(byApi.body.toString())).toMatchObject({ error: { code: 'http.rate' } });

  // The MDM, from its own address.
  expect((await guess('pass-mdm', page, '127.0.0.1')).status).toBe(200);
  expect(gateway.audits.map(({ event, actor, code }) => [event, actor, code])).toEqual([
    ...Array.from({ length: 5 }, () => ['access.denied', 'mdm', 'http.unauthorized']),
    ['access.stopped', undefined, 'http.rate'],
    ['challenge.issued', 'mdm', undefined],
  ]);
  expect(gateway.audits[5]).toMatchObject({
    clientAddress: attacker,
    reason: expect.stringMatching(/^Address stopped for (?:600|59\d) s after failed sign-ins\.$/),
  });
});

test('an MDM that signed in stays signed in when somebody behind its address guesses', async () => {
  gateway = await start();
  expect((await guess('pass-mdm')).status).toBe(200);
  for (let attempt = 0; attempt < 8; attempt++) await guess(`wrong ${attempt}`);
  expect((await guess('wrong')).status).toBe(429);
  expect((await guess('pass-mdm')).status).toBe(200);
});

test('only several addresses together lock an account', async () => {
  gateway = await start();
  for (const address of ['127.0.0.2', '127.0.0.3']) {
    for (let attempt = 0; attempt < 5; attempt++) {
      expect((await guess(`${address} ${attempt}`, page, address)).status).toBe(401);
    }
  }
  expect((await guess('pass-mdm', page, '127.0.0.1')).status).toBe(401);
  expect(gateway.audits.filter(({ event }) => event === 'access.locked')).toHaveLength(1);
});

test('API tokens are guessed no faster', async () => {
  gateway = await start();
  const token = (text: string) =>
    send(gateway.listener.port, '/api/v1/challenges', {
      headers: { authorization: `Bearer sgw_${text.padEnd(43, 'x')}` },
      localAddress: attacker,
    });
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 7; attempt++) statuses.push((await token(`${attempt}`)).status);
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
});

test('10,000 wrong passwords get exact answers, leave the others alone and the memory flat', async () => {
  gateway = await start();
  const flood = async (guesses: number) => {
    const connections = [0, 1, 2, 3].map((part) => guessOnOneConnection(guesses / 4, part));
    const statuses = (await Promise.all(connections)).flat();
    gateway.lines.length = 0;
    return statuses;
  };
  const first = await flood(2000);
  expect(first.filter((status) => status === '401')).toHaveLength(5);
  expect(first.filter((status) => status === '429')).toHaveLength(1995);
  const before = heapAfterCollection();

  const state = { flooding: true };
  const rest = (async () => {
    const statuses: string[] = [];
    for (let round = 0; round < 4; round++) statuses.push(...(await flood(2000)));
    state.flooding = false;
    return statuses;
  })();
  let served = 0;
  while (state.flooding) {
    expect((await guess('pass-mdm', page, '127.0.0.1')).status).toBe(200);
    served += 1;
  }
  expect(await rest).toEqual(Array.from({ length: 8000 }, () => '429'));
  expect(served).toBeGreaterThan(4);
  gateway.lines.length = 0;
  expect(heapAfterCollection() - before).toBeLessThan(4 * 1024 * 1024);
  expect(gateway.audits.filter(({ outcome }) => outcome === 'refused')).toHaveLength(6);
}, 120_000);

/** Sends all requests in one go, each with another password, and gives the statuses. */
async function guessOnOneConnection(guesses: number, part: number): Promise<string[]> {
  const requests = Array.from({ length: guesses }, (_, attempt) => {
    const { authorization } = as('mdm', `wrong ${part} ${attempt}`);
    const last = attempt === guesses - 1 ? 'Connection: close\r\n' : '';
    return `GET ${page} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization ?? ''}\r\n${last}\r\n`;
  });
  const socket = connect({
    port: gateway.listener.port,
    host: '127.0.0.1',
    localAddress: attacker,
  });
  socket.write(requests.join(''));
  return [...(await text(socket)).matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(
    ([, status]) => status ?? '',
  );
}

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
