/** Disks that are full or read-only: small file systems in memory, which only root on Linux can mount. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
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

function unmount(): void {
  spawnSync('umount', [mountPoint]);
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

  test('that is full stops the start with a word', async () => {
    fillBut(0);
    expect(await failingStart(directory)).toEqual(unusable);
  }, 60_000);

  test('that is read-only stops the start with a word', async () => {
    spawnSync('mount', ['-o', 'remount,ro', mountPoint]);
    expect(await failingStart(directory)).toEqual(unusable);
  }, 60_000);
});
