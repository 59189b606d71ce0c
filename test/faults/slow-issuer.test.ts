/** The built gateway in front of a CA that takes its time: who is let in waits, and nobody else costs anything. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { FakeCa } from '../adcs/certsrv/fake-ca.js';
import {
  certsrvIssuer,
  password,
  startCertsrv,
  type CertsrvServer,
} from '../adcs/certsrv/server.js';
import { eventually } from '../interop/eventually.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { Fleet, type Reply } from './fleet.js';
import { expectOneEach } from './records.js';

let ca: FakeCa;
let certsrv: CertsrvServer;
let gateway: GatewayProcess;

beforeAll(async () => {
  ca = await FakeCa.create();
  certsrv = await startCertsrv(ca, 'ntlm');
  const directory = mkdtempSync(join(tmpdir(), 'slow-issuer-'));
  writeFileSync(join(directory, 'password.txt'), password);
  gateway = await startGatewayProcess({
    directory,
    config: JSON.stringify({
      limits: { concurrentOperations: 8 },
      issuers: { corp: certsrvIssuer(certsrv) },
      profiles: { default: { issuer: 'corp', template: 'Phones', paths: ['/scep'] } },
    }),
  });
}, 60_000);
afterAll(async () => {
  await certsrv.close();
  await gateway.dispose();
});

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')[1] ?? 0,
  );
}

test('a slow CA: as many as there are places are served, the others told to come again', async () => {
  const fleet = await Fleet.of(gateway);
  const all = await fleet.prepare(20, 'slow');
  const decrypted = await metric('scep_gateway_cms_seconds_count{step="open"}');
  ca.requests.length = 0;
  let release: () => void = () => undefined;
  certsrv.held = new Promise<void>((resolve) => (release = resolve));
  const replies: Reply[] = [];
  const asked = all.map(async (enrollment) => {
    const reply = await fleet.enroll(enrollment);
    replies.push(reply);
    return reply;
  });
  // Of eight places one address gets six.
  await eventually('the refusals', () => (replies.length === 14 ? true : undefined));
  expect(new Set(replies)).toEqual(new Set(['come again']));
  await eventually('the decryptions', async () =>
    (await metric('scep_gateway_cms_seconds_count{step="open"}')) === decrypted + 6
      ? true
      : undefined,
  );
  expect(await metric('scep_gateway_queue_depth{queue="operations"}')).toBe(6);
  expect(await metric('scep_gateway_rate_limited_total{limit="concurrentOperations"}')).toBe(14);
  expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
  release();
  const first = await Promise.all(asked);
  expect(first.filter((reply) => reply === 'issued')).toHaveLength(6);
  expect(ca.requests).toHaveLength(6);
  expect(await metric('scep_gateway_cms_seconds_count{step="open"}')).toBe(decrypted + 6);
  for (const [index, enrollment] of all.entries())
    if (first[index] === 'come again') expect(await fleet.enroll(enrollment)).toBe('issued');
  expect(ca.requests).toHaveLength(20);
  expect(await gateway.stop()).toBe(0);
  await expectOneEach(gateway, all);
}, 120_000);
