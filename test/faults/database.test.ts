/** A database file that another process holds, for a moment or for good, and one that is carried away. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openSqliteDriver, type SqliteDriver } from '../../src/store/sqlite/driver.js';
import { eventually } from '../interop/eventually.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { expectOneEach } from './records.js';
import { Fleet, type Enrollment } from './fleet.js';

let gateway: GatewayProcess;
let other: SqliteDriver;

beforeEach(async () => {
  gateway = await startGatewayProcess();
  other = await openSqliteDriver(join(gateway.dataDirectory, 'gateway.db'));
  other.exec('PRAGMA busy_timeout = 60000');
}, 60_000);
afterEach(async () => {
  other.close();
  await gateway.dispose();
});

async function status(path: string): Promise<number> {
  return (await fetch(`${gateway.url}${path}`)).status;
}

/** Ends the gateway first: what is looked at is what it left. */
async function expectRecords(all: readonly Enrollment[]): Promise<void> {
  expect(await gateway.stop()).toBe(0);
  await expectOneEach(gateway, all);
}

describe('a database that another process holds', () => {
  test('is an outage, during which the process lives, and passes', async () => {
    const fleet = await Fleet.of(gateway);
    const all = await fleet.prepare(3, 'held');
    const [before, ...during] = all;
    expect(await fleet.enroll(before!)).toBe('issued');
    other.exec('BEGIN IMMEDIATE');
    const answers = Promise.all(during.map((enrollment) => fleet.enroll(enrollment)));
    expect(await status('/healthz')).toBe(200);
    expect(await status('/scep?operation=GetCACert')).toBe(200);
    expect(await answers).toEqual(['come again', 'come again']);
    expect(await status('/readyz')).toBe(503);
    other.exec('ROLLBACK');
    for (const enrollment of during) expect(await fleet.enroll(enrollment)).toBe('issued');
    await eventually('readiness', async () =>
      (await status('/readyz')) === 200 ? true : undefined,
    );
    await expectRecords(all);
  }, 60_000);

  test('again and again for a moment is slow, and nothing else', async () => {
    const fleet = await Fleet.of(gateway);
    const all = await fleet.prepare(8, 'slow');
    const enrolling = { isOver: false };
    const enroll = async (enrollment: Enrollment) => {
      let answer = await fleet.enroll(enrollment);
      // On a machine that is slow itself, moments may add up to more than the gateway waits.
      while (answer === 'come again') answer = await fleet.enroll(enrollment);
      return answer;
    };
    const answers = Promise.all(all.map(enroll)).finally(() => {
      enrolling.isOver = true;
    });
    while (!enrolling.isOver) {
      other.exec('BEGIN IMMEDIATE');
      await new Promise((resolve) => setTimeout(resolve, 100));
      other.exec('ROLLBACK');
      // Longer than the gateway waits between two looks.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(new Set(await answers)).toEqual(new Set(['issued']));
    await expectRecords(all);
  }, 60_000);

  test('while the gateway is told to end: it ends, and nothing stands half', async () => {
    const fleet = await Fleet.of(gateway);
    const all = await fleet.prepare(2, 'ending');
    other.exec('BEGIN IMMEDIATE');
    const answers = Promise.all(all.map((enrollment) => fleet.enroll(enrollment)));
    const inWork = /queue_depth\{queue="operations"\} 2/;
    await Promise.race([
      answers,
      eventually('the requests', async () => {
        const metrics = await fetch(`${gateway.url}/metrics`);
        return inWork.test(await metrics.text()) ? true : undefined;
      }),
    ]);
    const ended = gateway.stop();
    expect(await answers).toEqual(['come again', 'come again']);
    other.exec('ROLLBACK');
    expect(await ended).toBe(0);
    gateway = await startGatewayProcess({ directory: gateway.directory });
    const again = await Fleet.of(gateway);
    for (const enrollment of all) expect(await again.enroll(enrollment)).toBe('issued');
    await expectRecords(all);
  }, 60_000);
});

test('a database file that was carried away and back has lost nothing', async () => {
  const file = join(gateway.dataDirectory, 'gateway.db');
  const fleet = await Fleet.of(gateway);
  const all = await fleet.prepare(2, 'away');
  renameSync(file, `${file}.away`);
  expect(await fleet.enroll(all[0]!)).toBe('issued');
  renameSync(`${file}.away`, file);
  expect(await fleet.enroll(all[1]!)).toBe('issued');
  await expectRecords(all);
}, 60_000);
