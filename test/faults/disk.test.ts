/** Disks that are full or read-only: small file systems in memory, which only root on Linux can mount. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { messageOf } from '../../src/errors/index.js';
import { openSqliteStores } from '../../src/store/index.js';
import { verifySqlite } from '../../src/store/upkeep/index.js';
import { eventually } from '../interop/eventually.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import { failingStart } from './failing-start.js';
import { Fleet } from './fleet.js';

const directory = mkdtempSync(join(tmpdir(), 'disk-'));
const mountPoint = join(directory, 'data');
mkdirSync(mountPoint);
const mountable = mount('size=8m');
if (mountable) unmount();
else process.stderr.write('SKIPPED: full and read-only disks; tmpfs cannot be mounted here.\n');

function mount(options: string): boolean {
  const arguments_ = ['-t', 'tmpfs', '-o', options, 'tmpfs', mountPoint];
  return spawnSync('mount', arguments_).status === 0;
}

/** Lazily: a statement of SQLite that was not collected yet keeps its file open in this process. */
function unmount(): void {
  spawnSync('umount', ['--lazy', mountPoint]);
}

/** All but so many octets of what is left. */
function fillBut(left: number): void {
  const { bavail, bsize } = statfsSync(mountPoint);
  writeFileSync(join(mountPoint, 'filling'), Buffer.alloc(Math.max(0, bavail * bsize - left)));
}

const unusable = {
  code: 4,
  stderr:
    'scep-gateway: The database cannot be used now.\n  → Look for a full disk, a read-only directory or another process that holds the database.\n',
};

(mountable ? describe : describe.skip)('a disk', () => {
  let sound: string;

  beforeAll(async () => {
    const gateway = await startGatewayProcess();
    await gateway.stop();
    sound = gateway.directory;
  }, 60_000);
  afterAll(() => {
    rmSync(sound, { recursive: true });
    rmSync(directory, { recursive: true });
  });
  beforeEach(() => {
    expect(mount('size=8m')).toBe(true);
    cpSync(join(sound, 'data'), mountPoint, { recursive: true });
  });
  afterEach(() => {
    unmount();
  });

  test('that fills up is an outage, not a failure, and passes when there is room again', async () => {
    const gateway = await startGatewayProcess({ directory });
    const fleet = await Fleet.of(gateway);
    const [before, during] = await fleet.prepare(2, 'full');
    expect(await fleet.enroll(before!)).toBe('issued');
    fillBut(0);
    expect(await fleet.enroll(during!)).toBe('come again');
    expect(await fleet.enroll(during!)).toBe('come again');
    const certificate = before!.certificate;
    expect(await fleet.enroll(before!)).toBe('issued');
    expect(before!.certificate).toEqual(certificate);
    await expect(fleet.prepare(1, 'none')).rejects.toThrow('no challenge: 503');
    rmSync(join(mountPoint, 'filling'));
    expect(await fleet.enroll(during!)).toBe('issued');
    expect(await gateway.stop()).toBe(0);
  }, 60_000);

  test('that has no room for a checkpoint loses nothing, and the log goes on', async () => {
    const path = join(mountPoint, 'checkpoints.db');
    const stores = await openSqliteStores(path);
    const heard: string[] = [];
    stores.listen?.({
      failed: (fault) => heard.push(messageOf(fault)),
      worked: () => heard.push('worked'),
    });
    const text = 'x'.repeat(500);
    let written = 0;
    const write = (count: number) =>
      Promise.all(
        Array.from({ length: count }, () => stores.settings.set(`key-${written++}`, text)),
      );
    await write(1990);
    // The log has room for a little more, the database for none of what is in it.
    fillBut(200_000);
    await write(20);
    await eventually('a checkpoint has failed', () => heard[0]);
    expect(heard).toEqual([expect.stringMatching(/write-ahead log.*(full|disk I\/O error)/)]);
    expect(await stores.settings.get('key-2009')).toBe(text);
    rmSync(join(mountPoint, 'filling'));
    await write(2000);
    await eventually('a checkpoint has worked', () => heard[1]);
    expect(heard[1]).toBe('worked');
    await stores.close();

    const { checks } = await verifySqlite(path);
    expect(checks.filter(({ fault }) => fault !== undefined)).toEqual([]);
    const again = await openSqliteStores(path);
    for (let n = 0; n < written; n++) expect(await again.settings.get(`key-${n}`)).toBe(text);
    await again.close();
  }, 60_000);

  test('that is full stops the start with a word', async () => {
    fillBut(0);
    expect(await failingStart(directory)).toEqual(unusable);
  }, 60_000);

  test('that is read-only stops the start with a word', async () => {
    spawnSync('mount', ['-o', 'remount,ro', mountPoint]);
    expect(await failingStart(directory)).toEqual(unusable);
  }, 60_000);
});
