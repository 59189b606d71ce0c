import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { as, send } from '../http/client.js';
import { device, remove, start, temporaryFolder, type Running } from './running.js';

let folder: string;
let gateway: Running;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await gateway.stop();
  await remove(folder);
});

test('a gateway tells what it did, and that it can go on', async () => {
  gateway = await start(
    folder,
    `access: { allow: { metrics: [127.0.0.1] }, rateLimits: { challenges: { count: 1 } } }
profiles: { default: { approval: manual } }
`,
  );
  const { port } = gateway;
  const ready = await send(port, '/readyz');
  expect([ready.status, ready.body.toString()]).toEqual([
    200,
    'ok: store\nok: issuer local\nok: RA of local\n',
  ]);

  const ask = (headers: Readonly<Record<string, string>>) =>
    send(port, '/api/v1/challenges', { method: 'POST', headers });
  const issued = await ask(as('admin', 'a password of admin'));
  const { challenge } = JSON.parse(issued.body.toString()) as { challenge: string };
  const phone = await device(port, '/scep/default', '127.0.0.1');
  expect(await phone.enroll('A', challenge)).toMatchObject({ kind: 'pending' });
  expect(await phone.enroll('B', 'wrong')).toMatchObject({ kind: 'failed' });
  expect((await ask(as('admin', 'wrong'))).status).toBe(401);
  expect((await ask(as('admin', 'a password of admin'))).status).toBe(429);
  expect((await send(port, '/metrics', { localAddress: '127.0.0.2' })).status).toBe(403);

  const answer = await send(port, '/metrics');
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  const lines = answer.body.toString().split('\n');
  for (const line of [
    'scep_gateway_pki_operations_total{profile="default",message_type="PKCSReq",outcome="pending",fail_info="",code=""} 1',
    'scep_gateway_pki_operations_total{profile="default",message_type="PKCSReq",outcome="failure",fail_info="badRequest",code="challenge.refused"} 1',
    'scep_gateway_scep_requests_total{profile="default",operation="pkioperation",status="200"} 2',
    'scep_gateway_cms_seconds_count{step="open"} 2',
    'scep_gateway_cms_seconds_count{step="sign"} 2',
    'scep_gateway_challenges{state="open"} 0',
    'scep_gateway_challenges{state="used"} 1',
    'scep_gateway_pending_requests{profile="default",state="awaiting-approval"} 1',
    'scep_gateway_access_denied_total{group="metrics"} 1',
    'scep_gateway_rate_limited_total{limit="challenges"} 1',
    'scep_gateway_sign_ins_total{outcome="authenticated"} 2',
    'scep_gateway_sign_ins_total{outcome="wrong"} 1',
  ]) {
    expect(lines).toContain(line);
  }
  const expiries = lines.filter((line) => line.startsWith('scep_gateway_certificate_expiry'));
  expect(expiries.filter((line) => line.includes('kind="ca"'))).toHaveLength(1);
  expect(expiries.filter((line) => line.includes('kind="ra"'))).toHaveLength(2);
  expect(answer.body.toString()).not.toMatch(new RegExp(`${challenge}|a password of admin`));
});

test('a device that a limit turned away is named in the log, to the last request before the stop', async () => {
  gateway = await start(folder, 'access: { rateLimits: { operations: { count: 1 } } }\n');
  const statuses = [];
  for (let attempt = 0; attempt < 4; attempt++) {
    const enroll = { body: Buffer.from([0x30, 0x00]), localAddress: '127.0.0.3' };
    statuses.push((await send(gateway.port, '/scep?operation=PKIOperation', enroll)).status);
  }
  expect(statuses.slice(1)).toEqual([503, 503, 503]);
  await gateway.stop();
  gateway = { ...gateway, stop: () => Promise.resolve() };
  const told = gateway.log().matchAll(/"message":"beyond a limit.*?,("limit".*?)\}/g);
  expect([...told].map(([, fields]) => fields)).toEqual([
    '"limit":"operations","count":1,"callers":"127.0.0.3"',
    '"limit":"operations","count":2,"callers":"127.0.0.3 (2)"',
  ]);
});

test('by default monitoring is for this host alone', async () => {
  gateway = await start(
    folder,
    'listeners: [{ address: "127.0.0.1:8080", clientAddress: { trustedProxies: [127.0.0.1], source: x-forwarded-for } }]\n',
  );
  const statusOf = async (headers: Readonly<Record<string, string>>, localAddress = '127.0.0.1') =>
    (await send(gateway.port, '/metrics', { headers, localAddress })).status;
  expect(await statusOf({ 'x-forwarded-for': '192.0.2.7' })).toBe(403);
  expect(await statusOf({})).toBe(403);
  expect(await statusOf({}, '127.0.0.2')).toBe(200);
  expect(await statusOf({ 'x-forwarded-for': '192.0.2.7' }, '127.0.0.2')).toBe(200);
});
