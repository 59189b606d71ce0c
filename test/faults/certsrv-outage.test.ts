/** The built gateway in front of AD CS that is down, slow or in doubt: devices, command line and kill -9. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FakeCa } from '../adcs/certsrv/fake-ca.js';
import {
  certsrvIssuer,
  password,
  startCertsrv,
  type CertsrvServer,
} from '../adcs/certsrv/server.js';
import { eventually } from '../interop/eventually.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { Fleet, type Enrollment } from './fleet.js';

let ca: FakeCa;
let certsrv: CertsrvServer;
let gateway: GatewayProcess;

beforeAll(async () => {
  ca = await FakeCa.create();
  certsrv = await startCertsrv(ca, 'ntlm');
  const directory = mkdtempSync(join(tmpdir(), 'certsrv-outage-'));
  writeFileSync(join(directory, 'password.txt'), password);
  const profile = { issuer: 'corp', template: 'Phones' };
  gateway = await startGatewayProcess({
    directory,
    config: JSON.stringify({
      backlog: {
        retry: { firstSeconds: 1, longestSeconds: 1 },
        poll: { firstSeconds: 1, longestSeconds: 1 },
        breakerFailures: 1,
      },
      issuers: { corp: certsrvIssuer(certsrv) },
      profiles: {
        default: { ...profile, paths: ['/scep'] },
        manual: { ...profile, template: 'Manual' },
        later: { ...profile, outage: 'retry-later' },
      },
    }),
  });
}, 60_000);
afterAll(async () => {
  await certsrv.close();
  await gateway.dispose();
});

async function killed(): Promise<void> {
  await gateway.stop('SIGKILL');
  gateway = await startGatewayProcess({ directory: gateway.directory });
}

async function device(
  name: string,
  profile?: string,
): Promise<{ ask: () => Promise<string>; enrollment: Enrollment }> {
  const path = profile === undefined ? '/scep' : `/scep/${profile}`;
  const fleet = await Fleet.of(gateway, path);
  const [enrollment] = await fleet.prepare(1, name, profile);
  if (!enrollment) throw new Error('nothing prepared');
  return {
    enrollment,
    // Over a restart the port is another one.
    ask: async () => (await Fleet.of(gateway, path)).enroll(enrollment),
  };
}

interface Waiting {
  readonly id: string;
  readonly state: { readonly kind: string };
  readonly why?: string;
}

async function waiting(): Promise<Waiting[]> {
  const { code, stdout } = await gateway.run(['pending', 'list', '--json']);
  expect(code).toBe(0);
  return JSON.parse(stdout) as Waiting[];
}

const issued = async ({ ask }: { ask: () => Promise<string> }) =>
  eventually('the certificate', async () => {
    const answer = await ask();
    expect(['pending', 'issued']).toContain(answer);
    return answer === 'issued' ? answer : undefined;
  });

describe('a CA that is down', () => {
  test('is PENDING over a kill -9, and a certificate when it is back', async () => {
    ca.requests.length = 0;
    const phone = await device('queued');
    ca.outage = '0x800706ba (WIN32: 1722 RPC_S_SERVER_UNAVAILABLE)';
    expect(await phone.ask()).toBe('pending');
    expect(await waiting()).toMatchObject([{ state: { kind: 'authorized' } }]);
    const list = await gateway.run(['pending', 'list']);
    expect(list.stdout).toMatch(/queued-0 .* queued /);
    expect(list.stdout).toMatch(/^[0-9a-f]{12}: .*0x800706ba/m);
    expect(list.stderr).toMatch(/issuer corp does not answer since .*0x800706ba/);
    expect(gateway.output().stdout).toContain('The CA behind issuer corp does not answer');
    await killed();
    expect(await phone.ask()).toBe('pending');
    ca.outage = undefined;
    await issued(phone);
    expect(ca.requests).toHaveLength(1);
    expect(await waiting()).toEqual([]);
    expect((await gateway.run(['pending', 'list'])).stderr).toBe('');
  }, 60_000);

  test('is 503 where the profile says so, and the challenge is good again', async () => {
    ca.requests.length = 0;
    const phone = await device('later', 'later');
    ca.outage = '0x80094006 (CERTSRV_E_SERVER_SUSPENDED)';
    expect(await phone.ask()).toBe('come again');
    expect(await waiting()).toEqual([]);
    ca.outage = undefined;
    await eventually('the certificate', async () =>
      (await phone.ask()) === 'issued' ? true : undefined,
    );
    expect(ca.requests).toHaveLength(1);
  }, 60_000);
});

describe('an answer that was lost', () => {
  async function lost(name: string): Promise<Awaited<ReturnType<typeof device>>> {
    ca.requests.length = 0;
    const phone = await device(name);
    certsrv.cut = (method) => (method === 'POST' ? 'after' : undefined);
    expect(await phone.ask()).toBe('pending');
    certsrv.cut = () => undefined;
    expect(ca.requests).toHaveLength(1);
    return phone;
  }

  test('is sent again by nobody but an operator, who is told why', async () => {
    const phone = await lost('doubted');
    await killed();
    expect(await phone.ask()).toBe('pending');
    const [row] = await waiting();
    expect(row?.state).toEqual({ kind: 'in-doubt', issuer: 'corp' });
    expect(row?.why).toContain('look at the CA, then retry or drop');
    expect(ca.requests).toHaveLength(1);
    const retry = await gateway.run(['pending', 'retry', row!.id.slice(0, 12)]);
    expect([retry.code, retry.stdout]).toEqual([0, '']);
    expect(retry.stderr).toContain('there will be two certificates');
    await issued(phone);
    expect(ca.requests).toHaveLength(2);
    const again = await gateway.run(['pending', 'retry', row!.id.slice(0, 12)]);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('is waiting for a CA');
  }, 60_000);

  test('can be given up: the device is refused', async () => {
    const phone = await lost('dropped');
    const [row] = await waiting();
    const drop = await gateway.run(['pending', 'drop', row!.id, '--reason', 'Ask the help desk.']);
    expect(drop.code).toBe(0);
    expect(drop.stderr).toContain('If corp issued a certificate for it, revoke that there.');
    expect(await phone.ask()).toBe('refused');
    expect(await waiting()).toEqual([]);
  }, 60_000);
});

describe('a request under submission', () => {
  test('is fetched in the background once the manager of the CA has decided', async () => {
    ca.requests.length = 0;
    const phone = await device('manual', 'manual');
    expect(await phone.ask()).toBe('pending');
    const list = await gateway.run(['pending', 'list']);
    expect(list.stdout).toContain('corp: request 81');
    await killed();
    await ca.issue(81);
    await eventually('the certificate in the records', async () =>
      (await gateway.run(['certificate', 'show', phone.enrollment.transactionId])).stdout.includes(
        'enrollment.issued',
      )
        ? true
        : undefined,
    );
    expect(await phone.ask()).toBe('issued');
    expect(ca.requests).toHaveLength(1);
  }, 60_000);

  test('waits visibly when its issuer is gone from the configuration', async () => {
    ca.requests.length = 0;
    const phone = await device('stranded', 'manual');
    expect(await phone.ask()).toBe('pending');
    const { environment, directory } = gateway;
    const other = join(directory, 'other.yaml');
    writeFileSync(other, JSON.stringify({ profiles: { manual: {}, default: {} } }));
    const before = environment['SCEP_GATEWAY_CONFIG'];
    environment['SCEP_GATEWAY_CONFIG'] = other;
    const list = await gateway.run(['pending', 'list']);
    environment['SCEP_GATEWAY_CONFIG'] = before;
    expect(list.stdout).toContain('issuer corp is no longer configured');
    ca.deny(81);
    await eventually('the refusal', async () =>
      (await phone.ask()) === 'refused' ? true : undefined,
    );
  }, 60_000);
});
