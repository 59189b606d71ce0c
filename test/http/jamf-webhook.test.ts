import { afterEach, describe, expect, test } from '@jest/globals';
import { createAllowLists, createRateLimits } from '../../src/access/index.js';
import type { JamfWebhook } from '../../src/http/http.types.js';
import { as, send } from './client.js';
import { issuedPassword, startGateway, type Gateway, type GatewayOptions } from './gateway.js';

let gateway: Gateway;
afterEach(() => gateway.close());

const serialNumber = 'C02XK1ZZJG5H';
const udid = '5E0D4A3B-0001-4A7E-9F0C-1D2E3F405060';

/** As Fleet sends it; Jamf's `eventTimestamp` is in milliseconds. */
const fleet = {
  webhook: { webhookEvent: 'SCEPChallenge', id: 1, eventTimestamp: 1757435578, name: '' },
  event: {
    scepServerUrl: 'https://scep.example.org/scep',
    payloadIdentifier: '0f6f1f9e-9d6e-4b62-9a85-5f2f6b1d1a11',
    payloadTypes: ['com.apple.security.scep'],
  },
};
const withDevice = { ...fleet, event: { ...fleet.event, device: { uuid: udid, serialNumber } } };
const xml = `<?xml version="1.0"?>
<JSSEvent><webhook><id>7</id><name>SCEP</name><webhookEvent>SCEPChallenge</webhookEvent></webhook>
<event><computer><serialNumber>${serialNumber}</serialNumber><udid>${udid}</udid></computer></event></JSSEvent>`;

function start(webhook: Partial<JamfWebhook> = {}, options: GatewayOptions = {}): Promise<Gateway> {
  const jamfWebhook = {
    path: '/jamf/phones',
    device: 'bind' as const,
    subject: undefined,
    ...webhook,
  };
  return startGateway({ profiles: [{ jamfWebhook }], ...options });
}

function post(
  body: unknown,
  headers: Readonly<Record<string, string>> = as('mdm'),
  path = '/jamf/phones',
) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return send(gateway.listener.port, path, {
    body: text,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

describe('the SCEPChallenge webhook', () => {
  test('answers the bare challenge, and nothing else', async () => {
    gateway = await start();
    const answer = await post(fleet);
    expect(answer.status).toBe(200);
    expect(answer.body.toString('latin1')).toBe(issuedPassword);
    expect(answer.headers['content-type']).toBe('text/plain');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(gateway.orders).toMatchObject([
      { account: 'mdm', quota: 20, binding: { profile: 'ndes' }, maxUses: 1 },
    ]);
    expect(gateway.audits).toMatchObject([
      { event: 'challenge.issued', actor: 'mdm', profile: 'ndes', outcome: 'ok' },
    ]);
    expect(JSON.stringify([gateway.audits, gateway.lines])).not.toContain(issuedPassword);
  });

  test.each([
    ['JSON of Fleet', withDevice, { device: [serialNumber, udid] }],
    ['XML', xml, { device: [serialNumber, udid] }],
    ['other names', { event: { serial_number: serialNumber } }, { device: [serialNumber] }],
    ['a uuid that is no device', { event: { uuid: udid } }, {}],
    ['a name of no use', { event: { device: { serialNumber: 'x'.repeat(65) } } }, {}],
    ['an empty name', { event: { device: { serialNumber: ' ' } } }, {}],
    ['an empty body', '', {}],
    ['no event at all', {}, {}],
  ])('binds to the device: %s', async (_, body, binding) => {
    gateway = await start();
    expect((await post(body)).status).toBe(200);
    expect(gateway.orders.map((order) => order.binding)).toEqual([{ profile: 'ndes', ...binding }]);
  });

  test('says in the audit trail which device', async () => {
    gateway = await start();
    await post(withDevice);
    expect(gateway.audits[0]?.reason).toBe(`bound to device ${serialNumber} or ${udid}`);
  });

  test('binds to no device when it shall not', async () => {
    gateway = await start({ device: 'ignore' });
    await post(withDevice);
    expect(gateway.orders[0]?.binding).toEqual({ profile: 'ndes' });
  });

  test('binds to the whole subject, and lets nothing slip into it', async () => {
    gateway = await start({ device: 'ignore', subject: 'CN={serialNumber},OU={udid},O=Example' });
    expect((await post(withDevice)).status).toBe(200);
    expect(gateway.orders[0]?.binding.subject).toBe(`CN=${serialNumber},OU=${udid},O=Example`);
    const sly = { event: { device: { serialNumber: 'x,CN=boss', uuid: udid } } };
    const answer = await post(sly);
    expect(answer.status).toBe(400);
    expect(answer.body.toString()).toMatch(
      /^The event names no device with a usable serialNumber\.\n/,
    );
    expect((await post(fleet)).status).toBe(400);
    expect(gateway.orders).toHaveLength(1);
  });

  test('demands a device where it shall', async () => {
    gateway = await start({ device: 'require' });
    expect((await post(fleet)).status).toBe(400);
    expect((await post(withDevice)).status).toBe(200);
  });

  test.each([
    ['another event', { webhook: { webhookEvent: 'ComputerAdded' } }, 'SCEPChallenge only'],
    ['text', 'serialNumber=1', 'neither JSON nor XML'],
    ['broken JSON', '{"event":', 'neither JSON nor XML'],
    ['XML with a DTD', `<!DOCTYPE x>${xml}`, 'neither JSON nor XML'],
  ])('refuses %s', async (_, body, text) => {
    gateway = await start();
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.body.toString()).toContain(text);
    expect(gateway.orders).toEqual([]);
  });

  test('asks who is there, before it reads', async () => {
    gateway = await start();
    const answer = await post('x'.repeat(100_000), {});
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('Basic realm=');
    expect((await post(fleet, as('mdm', 'wrong'))).status).toBe(401);
    expect((await post(fleet, { authorization: `Bearer ${gateway.token}` })).status).toBe(200);
  });

  test('knows rights, quota and limits', async () => {
    gateway = await start(
      {},
      {
        issue: () => Promise.resolve({ kind: 'full' }),
        deps: {
          rateLimits: createRateLimits({
            operations: { count: 9, seconds: 60 },
            refusedChallenges: { count: 9, seconds: 60 },
            brokenMessages: { count: 9, seconds: 60 },
            challenges: { count: 1, seconds: 60 },
          }),
        },
      },
    );
    expect((await post(fleet, as('viewer'))).status).toBe(403);
    expect((await post(fleet, as('wifi-only'))).status).toBe(403);
    expect((await post(fleet)).status).toBe(409);
    const late = await post(fleet);
    expect(late.status).toBe(429);
    expect(Number(late.headers['retry-after'])).toBeGreaterThan(50);
    expect((await post('x'.repeat(65_537), as('boss'))).status).toBe(413);
    expect(gateway.audits.map(({ event, code }) => [event, code])).toEqual([
      ['challenge.denied', 'http.forbidden'],
      ['challenge.denied', 'http.forbidden'],
      ['challenge.denied', 'challenge.quota'],
    ]);
  });

  test('is at its path alone, in any case, by POST', async () => {
    gateway = await start();
    expect((await post(fleet, as('mdm'), '/Jamf/PHONES/')).status).toBe(200);
    expect((await post(fleet, as('mdm'), '/jamf')).status).toBe(404);
    expect((await post(fleet, as('mdm'), '/jamf/phones/x')).status).toBe(404);
    const get = await send(gateway.listener.port, '/jamf/phones', { headers: as('mdm') });
    expect([get.status, get.headers.allow]).toEqual([405, 'POST']);
  });

  test('stands behind the allow list of the admin page', async () => {
    const nobody = { match: () => undefined, text: () => '192.0.2.1' };
    gateway = await start(
      {},
      {
        deps: {
          allowLists: createAllowLists({
            scep: new Map(),
            admin: nobody,
            api: { match: () => 'all', text: () => 'all' },
            publications: undefined,
            metrics: nobody,
          }),
        },
      },
    );
    expect((await post(fleet)).status).toBe(403);
  });
});
