import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  openSqliteStores,
  type ChallengeId,
  type TransactionRowId,
} from '../../src/store/index.js';
import { openSqliteDriver } from '../../src/store/sqlite/driver.js';
import { compileRooms } from '../support/compiled-source.js';
import { noon } from './records.js';

/** Enrolls without end, eight at a time; a line on stdout only after the store has acknowledged. */
const enroller = `
import { writeSync } from 'node:fs';
import { openSqliteStores } from './store/index.js';
const [path, run] = process.argv.slice(2);
const { challenges, enrollments } = await openSqliteStores(path);
const at = new Date(${noon.getTime()});
const audit = { at, event: 'enrollment.issued', correlationId: 'x', outcome: 'ok' };
async function enroll(id) {
  await challenges.add({ id, digest: id, account: run, binding: {}, createdAt: at, maxUses: 1, uses: 0 }, 1e6);
  await challenges.reserve(id, id, at);
  writeSync(1, 'reserved ' + id + '\\n');
  const key = { profile: 'p', transactionId: id, purpose: 'new' };
  const csr = Buffer.alloc(300);
  await enrollments.open({ id, key, csrKey: id, signerKey: id, requestDigest: id, csr, ground: '{}',
    subject: id, clientAddress: '', state: { kind: 'authorized' }, createdAt: at, updatedAt: at });
  const certificate = { thumbprint: id, serial: id, issuerDigest: id, subject: id, sanText: '', keyId: id,
    profile: 'p', issuer: 'i', transactionId: id, notBefore: at, notAfter: at, issuedAt: at, der: csr };
  await Promise.all([
    enrollments.conclude({ transaction: id, state: { kind: 'issued', certificate: id }, certificate, audit, now: at }),
    challenges.confirm(id, id),
  ]);
  writeSync(1, 'issued ' + id + '\\n');
}
async function lane(n) {
  for (let i = 0; ; i++) await enroll(run + '-' + n + '-' + i);
}
await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(lane));
`;

const counter = `
import { openSqliteStores } from './store/index.js';
const stores = await openSqliteStores(process.argv[2]);
const counts = [];
for (let n = 0; n < 50; n++) counts.push(await stores.settings.next('crl'));
await stores.close();
console.log(JSON.stringify(counts));
`;

let directory: string;

beforeAll(() => {
  directory = compileRooms('store', 'errors');
  writeFileSync(join(directory, 'enroller.js'), enroller);
  writeFileSync(join(directory, 'counter.js'), counter);
});
afterAll(() => rmSync(directory, { recursive: true }));

function start(script: string, ...parameters: string[]) {
  return spawn(process.execPath, ['--no-warnings', join(directory, script), ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Lines the enroller wrote until it was killed after `count` of them. */
async function linesUntilKilled(path: string, run: string, count: number): Promise<string[]> {
  const child = start('enroller.js', path, run);
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === count) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return lines;
}

describe('a process that is killed', () => {
  test('has lost nothing that was acknowledged, and left nothing half done', async () => {
    const path = join(directory, 'killed.db');
    const acknowledged: string[] = [];
    for (const [run, count] of [40, 333, 120, 7].entries())
      acknowledged.push(...(await linesUntilKilled(path, `r${run}`, count)));
    expect(acknowledged.length).toBeGreaterThanOrEqual(500);

    const stores = await openSqliteStores(path);
    for (const line of acknowledged) {
      const [step, id = ''] = line.split(' ');
      const record = await stores.challenges.find(id as ChallengeId);
      expect(record?.uses).toBe(1);
      if (step !== 'issued') continue;
      expect((await stores.enrollments.transaction(id as TransactionRowId))?.state).toEqual({
        kind: 'issued',
        certificate: id,
      });
      expect((await stores.enrollments.certificate(id))?.der).toHaveLength(300);
    }
    await stores.close();

    const driver = await openSqliteDriver(path);
    const value = (sql: string) => Object.values(driver.prepare(sql).get() ?? {})[0];
    expect(value('PRAGMA integrity_check')).toBe('ok');
    const issued = value("SELECT count(*) FROM transactions WHERE state = 'issued'");
    expect(value('SELECT count(*) FROM certificates')).toBe(issued);
    expect(value('SELECT count(*) FROM certificate_bytes')).toBe(issued);
    expect(value('SELECT count(*) FROM audit')).toBe(issued);
    expect(
      value(
        'SELECT count(*) FROM challenges WHERE uses <> (SELECT count(*) FROM transaction_holds WHERE challenge = row)',
      ),
    ).toBe(0);
    driver.close();
  });
});

describe('several processes on one fresh file', () => {
  test('open it together and count without doubles', async () => {
    const path = join(directory, 'shared.db');
    const counts = await Promise.all(
      [1, 2, 3, 4].map(async () => {
        const child = start('counter.js', path);
        let text = '';
        for await (const line of createInterface({ input: child.stdout })) text += line;
        return JSON.parse(text) as number[];
      }),
    );
    expect(counts.flat().sort((a, b) => a - b)).toEqual(
      Array.from({ length: 200 }, (_, n) => n + 1),
    );
  });
});
