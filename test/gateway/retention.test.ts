import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { configSchema } from '../../src/config/index.js';
import {
  retentionDays,
  retentionRound,
  type RetentionDependencies,
} from '../../src/gateway/retention.js';
import { openSqliteStores, type Stores } from '../../src/store/index.js';
import { audit, certificate as numbered, noon, transaction } from '../store/records.js';

/** Of one width, so that what is padded differs. */
const certificate: typeof numbered = (n, changes) => numbered(0x1000 + n, changes);
const day = 24 * 3_600_000;
const after = (days: number) => new Date(noon.getTime() + days * day);
const running = new AbortController().signal;

describe('retention', () => {
  let directory: string;
  let stores: Stores;
  let now: Date;
  let logged: unknown[];
  let errors: unknown[];

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'retention-'));
    stores = await openSqliteStores(join(directory, 'gateway.db'));
    now = noon;
    logged = [];
    errors = [];
  });
  afterEach(async () => {
    await stores.close();
    rmSync(directory, { recursive: true });
  });

  const configured = (retention: object) => configSchema.parse({ data: { retention } });

  function dependencies(retention: object): RetentionDependencies {
    const silent = () => undefined;
    return {
      config: configured({ archive: join(directory, 'archive'), ...retention }),
      data: stores,
      clock: () => now,
      log: {
        info: (message, fields) => void logged.push({ message, ...fields }),
        error: (_, fields) => void errors.push(fields),
        warn: silent,
        debug: silent,
      },
      pauseMillis: 0,
    };
  }

  const archiveName = (kind: string) =>
    `${kind}-${now.toISOString().replace(/[:.]/g, '-')}.jsonl.gz`;

  /** By the round of this moment. */
  function archived(kind: string): Record<string, unknown>[] {
    const lines = gunzipSync(readFileSync(join(directory, 'archive', archiveName(kind))))
      .toString()
      .trim()
      .split('\n');
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async function fill(count: number): Promise<void> {
    for (let n = 1; n <= count; n++) {
      const { thumbprint } = certificate(n);
      await Promise.all([
        stores.enrollments.addCertificate(certificate(n)),
        stores.enrollments.open(
          transaction(`t${n}`, { state: { kind: 'issued', certificate: thumbprint } }),
          audit('enrollment.issued'),
        ),
      ]);
    }
  }

  test('what is old is archived, dropped and told; what is not stays', async () => {
    await fill(450);
    await stores.enrollments.addCertificate(certificate(451, { notAfter: after(100) }));
    now = after(402);
    await retentionRound(dependencies({ auditDays: 401 }), running);

    expect(await stores.enrollments.certificates({}, now)).toHaveLength(1);
    expect(await stores.enrollments.transaction(transaction('t1').id)).toBeUndefined();
    expect(
      (await stores.enrollments.audit({})).map(({ event, reason }) => [event, reason]),
    ).toEqual(
      ['audit', 'certificates', 'transactions'].flatMap((kind) =>
        [50, 200, 200].map((count) => [
          'retention.dropped',
          expect.stringContaining(`${count} of ${kind}, older than 202`),
        ]),
      ),
    );
    expect(logged).toHaveLength(3);

    expect(readdirSync(join(directory, 'archive')).sort()).toEqual(
      ['audit', 'certificates', 'transactions'].map(archiveName),
    );
    expect(statSync(join(directory, 'archive', archiveName('audit'))).mode & 0o777).toBe(0o600);
    expect(archived('audit')).toHaveLength(450);
    const [first] = archived('certificates');
    expect(first).toMatchObject({
      thumbprint: certificate(1).thumbprint,
      der: certificate(1).der.toString('base64'),
      notAfter: after(1).toISOString(),
    });
    const [request] = archived('transactions');
    expect(request).toMatchObject({ id: 't1', state: { kind: 'issued' } });
    expect(request).not.toHaveProperty('csr');
  });

  test('one round an hour, whoever of several processes has it', async () => {
    await fill(1);
    now = after(500);
    const rounds = [dependencies({}), dependencies({})];
    await Promise.all(rounds.map((each) => retentionRound(each, running)));
    expect(archived('transactions')).toHaveLength(1);
    await stores.enrollments.addCertificate(certificate(9));
    await retentionRound(dependencies({}), running);
    expect(await stores.enrollments.certificates({}, now)).toHaveLength(1);
    now = new Date(now.getTime() + 3_600_000);
    await retentionRound(dependencies({}), running);
    expect(await stores.enrollments.certificates({}, now)).toEqual([]);
  });

  test('without an archive it drops; told to stop it does not', async () => {
    await fill(1);
    now = after(500);
    const stopped = AbortSignal.abort();
    await retentionRound({ ...dependencies({}), config: configured({}) }, stopped);
    expect(await stores.enrollments.certificates({}, now)).toHaveLength(1);
    now = after(501);
    await retentionRound({ ...dependencies({}), config: configured({}) }, running);
    expect(await stores.enrollments.certificates({}, now)).toEqual([]);
    expect(readdirSync(directory)).not.toContain('archive');
  });

  test('nothing is dropped that cannot be archived', async () => {
    await fill(1);
    now = after(500);
    const archive = join(directory, 'gateway.db', 'archive');
    await expect(retentionRound(dependencies({ archive }), running)).rejects.toThrow('ENOTDIR');
    expect(await stores.enrollments.transaction(transaction('t1').id)).toBeDefined();
  });

  test('what an earlier round has torn costs nothing that comes after it', async () => {
    await fill(1);
    now = after(499);
    mkdirSync(join(directory, 'archive'));
    const torn = gzipSync('{"id":"torn"}\n').subarray(0, 20);
    writeFileSync(join(directory, 'archive', archiveName('certificates')), torn);
    now = after(500);
    await retentionRound(dependencies({}), running);
    expect(archived('certificates')).toHaveLength(1);
  });

  test('the trail tells what is missing though the round breaks off', async () => {
    await fill(250);
    now = after(500);
    let rounds = 0;
    const retention: Stores['retention'] = {
      old: (kind, before, limit) =>
        ++rounds === 2
          ? Promise.reject(new Error('gone'))
          : stores.retention.old(kind, before, limit),
      remove: (...dropped) => stores.retention.remove(...dropped),
    };
    const { settings } = stores;
    await expect(
      retentionRound({ ...dependencies({}), data: { retention, settings } }, running),
    ).rejects.toThrow('gone');
    const [newest] = await stores.enrollments.audit({});
    expect([newest?.event, newest?.reason]).toEqual([
      'retention.dropped',
      expect.stringContaining('200 of transactions, older than 202'),
    ]);
  });

  test('a clock that was once ahead puts no round off', async () => {
    await fill(1);
    now = after(5000);
    await retentionRound({ ...dependencies({}), config: configured({}) }, AbortSignal.abort());
    now = after(500);
    await retentionRound(dependencies({}), running);
    expect(await stores.enrollments.certificates({}, now)).toEqual([]);
  });

  describe('a clock that went far ahead since the round before', () => {
    const hour = 1 / 24;
    const certificatesLeft = async () => (await stores.enrollments.certificates({}, now)).length;

    beforeEach(async () => {
      await fill(1);
      now = after(0);
      await retentionRound(dependencies({}), running);
      now = after(5000);
      await retentionRound(dependencies({}), running);
    });

    test('drops nothing and says why, though rounds go on', async () => {
      now = after(5000 + hour);
      await retentionRound(dependencies({}), running);
      expect(await certificatesLeft()).toBe(1);
      const heldUntil = after(5007);
      expect(errors).toEqual([
        { now: after(5000), lastRound: after(0), heldUntil },
        { now, lastRound: after(5000), heldUntil },
      ]);
      expect(logged).toEqual([]);
    });

    test('drops nothing either when it is killed in the middle of that round', async () => {
      now = after(6000);
      const all = dependencies({});
      const { settings } = stores;
      const killed = {
        get: settings.get.bind(settings),
        set: settings.set.bind(settings),
        swap: async (...swapped: Parameters<typeof settings.swap>) => {
          await settings.swap(...swapped);
          throw new Error('killed');
        },
      };
      const data = { retention: stores.retention, settings: killed };
      await expect(retentionRound({ ...all, data }, running)).rejects.toThrow('killed');
      now = after(6000 + 2 * hour);
      await retentionRound(all, running);
      expect(await certificatesLeft()).toBe(1);
    });

    test('that stays so drops again after a week', async () => {
      for (let days = 1; days <= 7; days++) {
        expect(await certificatesLeft()).toBe(1);
        now = after(5000 + days);
        await retentionRound(dependencies({}), running);
      }
      expect(await certificatesLeft()).toBe(0);
      expect(errors).toHaveLength(7);
    });

    test('and is set back works as before, until it goes ahead again', async () => {
      now = after(402);
      await retentionRound(dependencies({}), running);
      expect(await certificatesLeft()).toBe(0);
      now = after(402 + hour);
      await retentionRound(dependencies({}), running);
      expect(errors).toHaveLength(1);
      now = after(410);
      await retentionRound(dependencies({}), running);
      expect(errors).toHaveLength(2);
    });
  });

  test('promises made elsewhere count more than the policy', () => {
    const config = configSchema.parse({
      data: { retention: { certificateDays: 30, transactionDays: 2 } },
      issuers: { local: { kind: 'local', crlHours: 8760 } },
      profiles: { default: { replayHours: 240, renewal: { graceDays: 40 } } },
    });
    expect(retentionDays(config)).toEqual({ transactions: 10, certificates: 730, audit: 1100 });
    expect(retentionDays({ ...config, issuers: {} })).toMatchObject({ certificates: 40 });
    expect(retentionDays({ ...config, issuers: {}, profiles: {} })).toEqual({
      transactions: 2,
      certificates: 30,
      audit: 1100,
    });
  });
});
