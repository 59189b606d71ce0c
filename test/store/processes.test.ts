import { spawn } from 'node:child_process';
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
import { counter, enroller, linesUntilKilled } from './process-scripts.js';

const open = "(await import('./store/index.js')).openSqliteStores(process.argv[2])";

let directory: string;

beforeAll(() => {
  directory = compileRooms('store', 'errors');
  writeFileSync(join(directory, 'enroller.js'), enroller(open));
  writeFileSync(join(directory, 'counter.js'), counter(open));
});
afterAll(() => rmSync(directory, { recursive: true }));

function start(script: string, ...parameters: string[]) {
  return spawn(process.execPath, ['--no-warnings', join(directory, script), ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

describe('a process that is killed', () => {
  test('has lost nothing that was acknowledged, and left nothing half done', async () => {
    const path = join(directory, 'killed.db');
    const acknowledged: string[] = [];
    for (const [run, count] of [40, 333, 120, 7].entries())
      acknowledged.push(...(await linesUntilKilled(start('enroller.js', path, `r${run}`), count)));
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
