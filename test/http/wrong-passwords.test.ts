import { afterEach, expect, test } from '@jest/globals';
import { Agent } from 'node:http';
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

function guess(password: string, path = page, localAddress = attacker, agent?: Agent) {
  return send(gateway.listener.port, path, {
    ...(agent && { agent }),
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
  expect(tally(first)).toEqual({ 401: 5, 429: 1995 });
  const before = heapAfterCollection();

  const state = { flooding: true };
  const rest = (async () => {
    const statuses: number[] = [];
    for (let round = 0; round < 4; round++) statuses.push(...(await flood(2000)));
    state.flooding = false;
    return statuses;
  })();
  let served = 0;
  while (state.flooding) {
    expect((await guess('pass-mdm', page, '127.0.0.1')).status).toBe(200);
    served += 1;
  }
  expect(tally(await rest)).toEqual({ 429: 8000 });
  expect(served).toBeGreaterThan(4);
  gateway.lines.length = 0;
  expect(heapAfterCollection() - before).toBeLessThan(4 * 1024 * 1024);
  expect(gateway.audits.filter(({ outcome }) => outcome === 'refused')).toHaveLength(6);
}, 400_000);

/** One guess after the other, each with another password; gives the statuses. */
async function guessOnOneConnection(guesses: number, part: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const statuses: number[] = [];
  for (let attempt = 0; attempt < guesses; attempt++) {
    statuses.push((await guess(`wrong ${part} ${attempt}`, page, attacker, agent)).status);
  }
  agent.destroy();
  return statuses;
}

function tally(statuses: readonly number[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
