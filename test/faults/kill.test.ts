/**
 * kill -9 of the built gateway while devices enroll: nothing lost, nothing twice. KILL_ROUNDS=50 looks harder,
 * KILL_SEED repeats the moments of a failure as well as a clock can.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Random } from '../../fuzz/random.js';
import {
  cleanEnvironment,
  startGatewayProcess,
  type GatewayProcess,
} from '../support/gateway-process.js';
import { wire } from '../support/pki-message.js';
import { Fleet, type Enrollment } from './fleet.js';
import { expectOneEach, withStores } from './records.js';

const rounds = Number(process.env['KILL_ROUNDS'] ?? 3);
const seed = Number(process.env['KILL_SEED'] ?? Date.now() % 100_000);
const devices = 16;
const atOnce = 8;
const config = JSON.stringify({
  profiles: { default: { paths: ['/scep'] }, manual: { approval: 'manual' } },
});

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await startGatewayProcess({ config });
}, 60_000);
afterAll(() => gateway.dispose());

/** Kills it, then starts another on what it left. */
async function killed(): Promise<void> {
  await gateway.stop('SIGKILL');
  gateway = await startGatewayProcess({ directory: gateway.directory });
}

/** All of them, some at once; resolves when each is answered or out of reach. */
async function enrollAll(fleet: Fleet, enrollments: readonly Enrollment[]): Promise<void> {
  const waiting = [...enrollments];
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift())
      await fleet.enroll(next).catch(() => undefined);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

describe('kill -9', () => {
  test(
    `${rounds} times while ${devices} devices enroll`,
    async () => {
      const random = new Random(seed);
      const all: Enrollment[] = [];
      const moments: string[] = [];
      let enrollmentMillis = 400;
      for (let round = 0; round < rounds; round++) {
        const fleet = await Fleet.of(gateway);
        const enrollments = await fleet.prepare(devices, `round-${round}`);
        const moment = random.below(enrollmentMillis);
        const load = enrollAll(fleet, enrollments);
        await new Promise((resolve) => setTimeout(resolve, moment));
        await killed();
        await load;
        const answered = enrollments.filter(({ certificate }) => certificate !== undefined);
        moments.push(`${moment} ms: ${answered.length} of ${devices} answered`);
        // Towards the time that a round takes on this machine, so that kills fall into it.
        if (answered.length === devices) enrollmentMillis = Math.max(50, moment);
        else if (answered.length < 4) enrollmentMillis += 200;

        const again = await Fleet.of(gateway);
        for (const enrollment of enrollments) {
          const before = enrollment.certificate;
          expect([seed, moments, await again.enroll(enrollment)]).toEqual([
            seed,
            moments,
            'issued',
          ]);
          if (before) expect(enrollment.certificate?.equals(before)).toBe(true);
        }
        for (const { challenge } of enrollments.slice(0, 8)) {
          const stranger = await again.message(`stranger-${challenge}`, challenge, 'client-2');
          expect(await again.ask(stranger)).toBe('refused');
        }
        all.push(...enrollments);
      }
      await gateway.stop('SIGKILL');
      await expectOneEach(gateway, all);
      gateway = await startGatewayProcess({ directory: gateway.directory });
      if (rounds > 10) process.stderr.write(`${moments.join('\n')}\n`);
    },
    rounds * 60_000,
  );

  test('leaves what waits for approval waiting', async () => {
    const fleet = await Fleet.of(gateway, '/scep/manual');
    const [enrollment] = await fleet.prepare(1, 'waiting', 'manual');
    expect(await fleet.enroll(enrollment!)).toBe('pending');
    await killed();
    const again = await Fleet.of(gateway, '/scep/manual');
    expect(await again.enroll(enrollment!)).toBe('pending');
    const [row] = await withStores(gateway, (stores) => stores.enrollments.pending({}));
    expect((await gateway.run(['pending', 'approve', row!.id])).code).toBe(0);
    await killed();
    const last = await Fleet.of(gateway, '/scep/manual');
    const poll = await last.message('waiting-0', undefined, 'client', wire.CertPoll);
    expect(await last.ask(poll, enrollment)).toBe('issued');
    const polled = enrollment!.certificate;
    expect(await last.enroll(enrollment!)).toBe('issued');
    expect(enrollment!.certificate).toEqual(polled);
    await expectOneEach(gateway, [enrollment!]);
  }, 120_000);

  test('changes neither CA nor RA nor the password of the administrator', async () => {
    const certificates = async () =>
      Buffer.from(
        await (await fetch(`${gateway.url}/scep?operation=GetCACert`)).arrayBuffer(),
      ).toString('hex');
    const before = await certificates();
    await killed();
    expect(await certificates()).toBe(before);
    expect(await (await Fleet.of(gateway)).prepare(1, 'signed-in')).toHaveLength(1);
  }, 60_000);

  test(
    'at any moment of the first start leaves what the next start completes',
    async () => {
      const random = new Random(seed);
      for (let round = 0; round < rounds; round++) {
        const moment = 100 + random.below(1400);
        const directory = mkdtempSync(join(tmpdir(), 'first-start-'));
        const environment = {
          ...cleanEnvironment(),
          SCEP_GATEWAY_DATA_DIR: join(directory, 'data'),
          SCEP_GATEWAY_LISTEN: '127.0.0.1:0',
        };
        const child = spawn(process.execPath, [resolve('bin/scep-gateway.js'), 'serve'], {
          env: environment,
          stdio: 'ignore',
        });
        setTimeout(() => child.kill('SIGKILL'), moment);
        await once(child, 'exit');
        const next = await startGatewayProcess({ directory });
        const fleet = await Fleet.of(next);
        const [enrollment] = await fleet.prepare(1, 'first');
        expect([seed, moment, await fleet.enroll(enrollment!)]).toEqual([seed, moment, 'issued']);
        await next.dispose();
      }
    },
    rounds * 60_000,
  );
});
