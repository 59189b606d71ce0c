/**
 * The clock of the machine is set below a running gateway, by libfaketime (Debian package `faketime`):
 * what lives by it neither dies at once nor lives for ever.
 */
import { mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Certificate } from '../../src/x509/index.js';
import { eventually } from '../interop/eventually.js';
import { describeWithPrograms } from '../interop/programs.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { Fleet, type Enrollment, type Reply } from './fleet.js';
import { expectOneEach } from './records.js';

const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const library = `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`;

const minute = 60_000;
const hour = 60 * minute;

let directory: string;
let gateway: GatewayProcess;

/** How far the gateway's clock is from ours, milliseconds. */
function set(millis: number): void {
  const file = join(directory, 'clock');
  writeFileSync(`${file}.new`, `${millis < 0 ? '-' : '+'}${Math.abs(millis / 1000)}\n`);
  renameSync(`${file}.new`, file);
}

describeWithPrograms('a clock that is set', [library], () => {
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'clock-'));
    set(0);
    gateway = await startGatewayProcess({
      directory,
      config: JSON.stringify({
        profiles: { default: { paths: ['/scep'], challenges: { validityMinutes: 60 } } },
      }),
      environment: {
        LD_PRELOAD: library,
        FAKETIME_TIMESTAMP_FILE: join(directory, 'clock'),
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
    });
  }, 60_000);
  afterEach(() => gateway.dispose());

  async function noticed(direction: 'forward' | 'back'): Promise<void> {
    await eventually('the log line', () =>
      gateway.output().stdout.includes(`"direction":"${direction}"`) ? true : undefined,
    );
  }

  async function ready(): Promise<number> {
    return (await fetch(`${gateway.url}/readyz`)).status;
  }

  function begin({ certificate }: Enrollment): number {
    return Certificate.fromDer(certificate ?? Buffer.alloc(0)).notBefore.getTime();
  }

  const enrollAll = (fleet: Fleet, all: readonly Enrollment[]): Promise<Reply[]> =>
    Promise.all(all.map((enrollment) => fleet.enroll(enrollment)));

  test('forward: a challenge ends when its time is over, and new ones are good', async () => {
    const fleet = await Fleet.of(gateway);
    const [early, late, first] = await fleet.prepare(3, 'forward');
    expect(await fleet.enroll(first!)).toBe('issued');
    set(30 * minute);
    await noticed('forward');
    expect(await fleet.enroll(early!)).toBe('issued');
    set(48 * hour);
    expect(await fleet.enroll(late!)).toBe('refused');
    const [fresh] = await fleet.prepare(1, 'fresh');
    expect(await fleet.enroll(fresh!)).toBe('issued');
    expect(begin(fresh!) - begin(first!)).toBeGreaterThan(47 * hour);
    const before = first!.certificate;
    expect(await ready()).toBe(200);
    expect(await gateway.stop()).toBe(0);
    await expectOneEach(gateway, [first!, early!, fresh!]);
    expect(first!.certificate).toEqual(before);
  }, 120_000);

  test('back: what was made ahead does not live for years, and new challenges are good', async () => {
    const fleet = await Fleet.of(gateway);
    set(365 * 24 * hour);
    await noticed('forward');
    const [ahead, issued] = await fleet.prepare(2, 'ahead');
    expect(await fleet.enroll(issued!)).toBe('issued');
    const before = issued!.certificate;
    set(0);
    await noticed('back');
    expect(await fleet.enroll(ahead!)).toBe('refused');
    expect(await fleet.enroll(issued!)).toBe('issued');
    expect(issued!.certificate).toEqual(before);
    const fresh = await fleet.prepare(4, 'fresh');
    expect(new Set(await enrollAll(fleet, fresh))).toEqual(new Set(['issued']));
    expect(begin(issued!) - begin(fresh[0]!)).toBeGreaterThan(364 * 24 * hour);
    expect(await ready()).toBe(200);
    expect((await fetch(`${gateway.url}/metrics`)).status).toBe(200);
    expect(await gateway.stop()).toBe(0);
    await expectOneEach(gateway, [issued!, ...fresh]);
  }, 120_000);

  test('back and forth while devices enroll: each gets one certificate', async () => {
    const fleet = await Fleet.of(gateway);
    const all = await fleet.prepare(12, 'forth');
    const waiting = [...all];
    const lane = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift())
        expect(await fleet.enroll(next)).toBe('issued');
    };
    const lanes = [lane(), lane(), lane()];
    for (const minutes of [20, -20, 10, -30, 0]) {
      const { length } = waiting;
      set(minutes * minute);
      await eventually('the next device', () =>
        waiting.length < length || length === 0 ? true : undefined,
      );
    }
    await Promise.all(lanes);
    expect(await gateway.stop()).toBe(0);
    await expectOneEach(gateway, all);
  }, 120_000);
});
