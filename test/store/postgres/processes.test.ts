import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { ChallengeId, TransactionRowId } from '../../../src/store/index.js';
import { openPostgresStores } from '../../../src/store/postgres/index.js';
import { compileRooms } from '../../support/compiled-source.js';
import {
  describeWithPostgres,
  startPostgres,
  type PostgresServer,
} from '../../support/postgres.js';
import { counter, enroller, linesUntilKilled } from '../process-scripts.js';
import { challenge, noon } from '../records.js';

const open = `(await import('./store/postgres/index.js')).openPostgresStores({
  ...JSON.parse(process.argv[2]), password: async () => '' })`;

const challenges = 200;

/** Once told to, takes whatever challenges it can get, in an order of its own, at most so many. */
const rival = `
import { writeSync } from 'node:fs';
const { challenges } = await ${open};
const at = new Date(${noon.getTime()});
const [run, most] = process.argv.slice(3);
let left = Number(most);
const ids = Array.from({ length: ${challenges} }, (_, n) => 'c' + n).sort(() => Math.random() - 0.5);
async function lane() {
  for (let id = ids.pop(); id !== undefined && left > 0; id = ids.pop()) {
    left--;
    const outcome = await challenges.reserve(id, run + '-' + id, at);
    if (outcome.kind !== 'reserved') {
      left++;
      continue;
    }
    await challenges.confirm(id, run + '-' + id);
    writeSync(1, 'spent ' + id + '\\n');
  }
}
writeSync(1, 'ready\\n');
process.stdin.once('data', async () => {
  await Promise.all(Array.from({ length: 8 }, lane));
  process.exit(0);
});
`;

describeWithPostgres('several processes on one PostgreSQL', () => {
  let directory: string;
  let server: PostgresServer;
  let database: string;

  beforeAll(async () => {
    directory = compileRooms('store', 'errors');
    writeFileSync(join(directory, 'enroller.js'), enroller(open));
    writeFileSync(join(directory, 'counter.js'), counter(open));
    writeFileSync(join(directory, 'rival.js'), rival);
    server = await startPostgres();
  });
  afterAll(async () => {
    await server.remove();
    rmSync(directory, { recursive: true });
  });
  beforeEach(async () => {
    database = await server.createDatabase();
  });

  function start(script: string, ...parameters: readonly string[]) {
    const connection = JSON.stringify(server.connection(database, { connections: 8 }));
    const args = ['--no-warnings', join(directory, script), connection, ...parameters];
    return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  }

  test('make a fresh database together and count without doubles', async () => {
    const counts = await Promise.all(
      ['1', '2', '3', '4'].map(async (run) => {
        let text = '';
        for await (const line of createInterface({ input: start('counter.js', run).stdout }))
          text += line;
        return JSON.parse(text) as number[];
      }),
    );
    expect(counts.flat().sort((a, b) => a - b)).toEqual(
      Array.from({ length: 200 }, (_, n) => n + 1),
    );
  });

  test('spend each challenge once, one of them killed in the middle', async () => {
    const stores = await openPostgresStores(server.connection(database));
    const ids = Array.from({ length: challenges }, (_, n) => `c${n}`);
    await Promise.all(ids.map((id) => stores.challenges.add(challenge(id), 1000)));

    // The others leave it enough, so that it is killed in any case; a last one takes what is left.
    const rivals = ['200', '60', '60'].map((most, n) => start('rival.js', `r${n}`, most));
    const goes = rivals.map((child) => () => child.stdin.write('go'));
    let ready = 0;
    const linesOf = async (child: (typeof rivals)[number], atLine: (spent: number) => void) => {
      const lines: string[] = [];
      for await (const line of createInterface({ input: child.stdout })) {
        if (line !== 'ready') atLine(lines.push(line));
        else if (++ready >= rivals.length) for (const go of goes) go();
      }
      return lines;
    };
    const ended = rivals.map((child) => once(child, 'exit'));
    const spent = await Promise.all(
      rivals.map((child, n) =>
        linesOf(child, (count) => {
          if (n === 0 && count === 5) child.kill('SIGKILL');
        }),
      ),
    );
    expect(await Promise.all(ended)).toEqual([
      [null, 'SIGKILL'],
      [0, null],
      [0, null],
    ]);
    const last = start('rival.js', 'r3', '200');
    goes.splice(0, goes.length, () => last.stdin.write('go'));
    spent.push(await linesOf(last, () => undefined));

    const all = spent.flat();
    expect(new Set(all).size).toBe(all.length);
    for (const line of all) {
      const id = line.split(' ')[1] as ChallengeId;
      expect((await stores.challenges.find(id))?.uses).toBe(1);
    }
    const holds = await server.query(
      database,
      `SELECT c.id, c.uses, count(h.challenge) AS holds FROM challenges c
       LEFT JOIN transaction_holds h ON h.challenge = c.seq GROUP BY c.seq
       HAVING c.uses <> 1 OR count(h.challenge) <> 1`,
    );
    expect(holds).toEqual([]);
    await stores.close();
  });

  test('one that is killed has lost nothing that was acknowledged, and left nothing half done', async () => {
    const acknowledged: string[] = [];
    for (const [run, count] of [40, 150, 7].entries())
      acknowledged.push(...(await linesUntilKilled(start('enroller.js', `r${run}`), count)));

    const stores = await openPostgresStores(server.connection(database));
    for (const line of acknowledged) {
      const [step, id = ''] = line.split(' ');
      expect((await stores.challenges.find(id as ChallengeId))?.uses).toBe(1);
      if (step !== 'issued') continue;
      expect((await stores.enrollments.transaction(id as TransactionRowId))?.state).toEqual({
        kind: 'issued',
        certificate: id,
      });
      expect((await stores.enrollments.certificate(id))?.der).toHaveLength(300);
    }
    await stores.close();

    const [counts] = await server.query(
      database,
      `SELECT (SELECT count(*) FROM transactions WHERE state = 'issued') AS issued,
         (SELECT count(*) FROM certificates) AS certificates,
         (SELECT count(*) FROM certificate_bytes) AS bytes, (SELECT count(*) FROM audit) AS audit,
         (SELECT count(*) FROM challenges WHERE uses <>
           (SELECT count(*) FROM transaction_holds WHERE challenge = seq)) AS torn`,
    );
    const { issued } = counts ?? {};
    expect(counts).toEqual({
      issued,
      certificates: issued,
      bytes: issued,
      audit: issued,
      torn: '0',
    });
    expect(Number(issued)).toBeGreaterThan(50);
  });
});
